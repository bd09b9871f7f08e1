"""Every described field of a customer, an invoice and a payment goes out to a workbook, and comes back in."""

import pytest
from openpyxl import load_workbook
from support.fields import DESCRIBED, TABLES, every_field, is_exported
from support.records import a_customer, a_payment, an_invoice
from support.workbooks import RECEIVABLES_ONLY, apply, dump

from app.actions import imports as import_actions
from app.domain.fields import CUSTOMER, INVOICE, PAYMENT
from app.store.db import tables
from app.store.ledger import snapshot
from app.workbook.writing import exporting

EVERY_FIELD = pytest.mark.parametrize(
    ("kind", "field", "before", "after"), every_field("customer", "invoice", "payment", is_wanted=is_exported)
)
SAID_OF_IMPORTS = (*RECEIVABLES_ONLY, "audit_entries")
# What the store keeps of a record beside what is said of it: where it came from, how it is compared, what adds up.
KEPT = {"id", "origin", "import_tab", "import_row", "fingerprint", "imported_version"}
KEPT_OF = {
    "customer": KEPT | {"version"},
    "invoice": KEPT | {"version", "number_key", "paid_cents"},
    "payment": KEPT | {"batch_key", "idempotency_key", "recorded_by", "recorded_at"},
}


@pytest.fixture
def stored(sqlite):
    """Two customers, two invoices, and a payment of the first."""
    acme = a_customer("C1", "Acme")
    a_customer("C2", "Bolt")
    invoice = an_invoice("1001", acme)
    an_invoice("1002", acme)
    a_payment(invoice)


def exported(importer, folder, kind, columns):
    """Give the first record of the kind these columns and return the path of an export."""
    TABLES[kind].update(columns).where(TABLES[kind].id == 1).execute()
    path = folder / f"{len(list(folder.iterdir()))}.xlsx"
    path.write_bytes(exporting.export(snapshot.take(), importer.zone))
    return path


def emptied():
    for table in (tables.PaymentModel, tables.InvoiceModel, tables.CustomerModel):
        table.delete().execute()


def cells(path):
    return [[cell.value for cell in row] for sheet in load_workbook(path) for row in sheet]


def said(kind, columns):
    """What each record that counts has in these columns."""
    rows = TABLES[kind].select()
    if kind == "payment":
        rows = rows.where(tables.PaymentModel.voided_at.is_null())
    return [{name: row.__data__[name] for name in columns} for row in rows]


@pytest.mark.parametrize(("kind", "described"), [("customer", CUSTOMER), ("invoice", INVOICE), ("payment", PAYMENT)])
def test_every_column_of_a_table_is_described(kind, described):
    assert {field.column for field in described} == set(TABLES[kind]._meta.fields) - KEPT_OF[kind]


def test_what_only_the_app_says_has_no_column_in_an_export():
    only_here = [
        (kind, field.name) for kind, (described, _) in DESCRIBED.items() for field in described if not field.is_exported
    ]

    # An export says by the method that credit was moved.
    moved = ("payment", "moves_credit")
    assert only_here == [("customer", "archived_at"), ("payment", "voided_at"), ("payment", "void_reason"), moved]


@EVERY_FIELD
def test_every_field_is_exported(importer, stored, tmp_path, kind, field, before, after):
    earlier, later = (exported(importer, tmp_path, kind, columns) for columns in (before, after))

    assert cells(earlier) != cells(later)


@EVERY_FIELD
def test_every_field_that_was_edited_in_the_workbook_arrives(importer, stored, tmp_path, kind, field, before, after):
    earlier, later = (exported(importer, tmp_path, kind, columns) for columns in (before, after))
    emptied()
    apply(importer, earlier)

    apply(importer, later)

    assert after in said(kind, after)


@EVERY_FIELD
def test_every_field_is_as_it_was_after_an_undo(importer, stored, tmp_path, kind, field, before, after):
    earlier, later = (exported(importer, tmp_path, kind, columns) for columns in (before, after))
    emptied()
    apply(importer, earlier)
    once = dump(SAID_OF_IMPORTS)

    import_actions.undo(importer, apply(importer, later))

    assert dump(SAID_OF_IMPORTS) == once
