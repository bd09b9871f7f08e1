"""What is exported says the same when it is read again, and no text in it is a formula."""

import zipfile
from datetime import UTC, date, datetime

from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from support.fields import all_that_is_said
from support.records import a_customer, a_payment, an_invoice
from support.workbooks import an_importer, apply, in_excel, say_nothing

from app.store.db.tables import CustomerModel, InvoiceModel, PaymentModel
from app.store.ledger import snapshot
from app.workbook.meaning.columns.own_columns import named
from app.workbook.preview import Choices
from app.workbook.reading.cells import clean_text
from app.workbook.writing import exporting

DANGEROUS = ["=1+1", "+1", "-1", "@SUM(A1)", "'=1", "''", "'", "\t=1", "\r=1", "#N/A", "<b>", "&amp;", "00123", "1e5"]


def exported(folder, zone):
    path = folder / "export.xlsx"
    path.write_bytes(exporting.export(snapshot.take(), zone))
    return path


def test_an_export_lists_everything_in_three_tabs(importer, tmp_path):
    customer = a_customer(code="007", name="Acme", terms_days=30)
    invoice = an_invoice("00123", customer, total_cents=-12_34, disputed=True, reference="PO 1")
    a_payment(invoice, 5_00, method="Card")

    book = load_workbook(exported(tmp_path, importer.zone))

    assert book.sheetnames == ["Customers", "Invoices", "Payments"]
    assert [cell.value for cell in book["Customers"][2]][:2] == ["007", "Acme"]
    assert [cell.value for cell in book["Invoices"][2]][:7] == [
        "00123",
        "007",
        "Acme",
        in_excel(2026, 1, 1),
        in_excel(2026, 1, 31),
        "USD",
        -12.34,
    ]
    assert [cell.value for cell in book["Payments"][2]][:5] == ["00123", "007", in_excel(2026, 1, 15), 5, "Card"]


def test_a_voided_payment_is_not_exported(importer, tmp_path):
    a_payment(an_invoice(), voided_at=datetime(2026, 1, 20, tzinfo=UTC))

    assert load_workbook(exported(tmp_path, importer.zone))["Payments"].max_row == 1


def test_states_of_invoices_survive_export_and_import(importer, tmp_path):
    at = datetime(2026, 1, 20, 12, 0, tzinfo=UTC)
    an_invoice("1", voided_at=at, void_reason="wrong customer")
    an_invoice("2", written_off_at=at, write_off_reason="bankrupt")
    an_invoice("3", draft=True)
    an_invoice("4", disputed=True, currency="EUR")

    preview = importer.examine(exported(tmp_path, importer.zone), Choices(), say_nothing).preview

    assert preview.writes == 0
    assert preview.problems == ()
    assert preview.counts["unchanged"] == 5


def test_an_export_brings_everything_into_an_empty_store(importer, tmp_path):
    invoice = an_invoice("00123", a_customer(code="007", name="Acme"))
    a_payment(invoice, 5_00)
    a_payment(invoice, -2_00)
    path = exported(tmp_path, importer.zone)
    before = all_that_is_said()
    for table in (PaymentModel, InvoiceModel, CustomerModel):
        table.delete().execute()

    apply(importer, path)

    assert all_that_is_said() == before


STORED = st.text(st.characters(codec="utf-8"), max_size=30) | st.sampled_from(DANGEROUS)
# Headings that are ours, that could be taken for one of ours, or for a formula, or for a figure of a list of ours.
HEADINGS = [
    "Amount", "Total", "Invoice Total", "amount", "Invoice No", "Customer ID", "Notes", "Terms", "E-mail", "Paid",
    "Balance", "Status", "Totals (EUR)", "Total incl VAT.", "Own field: Notes", "Region (2)", "Region",
    "As of 2026-03-02: paid", "Outstanding",
]  # fmt: skip
NAMES = (STORED | st.sampled_from(HEADINGS)).map(named).filter(bool)
OWN_FIELDS = st.dictionaries(NAMES, STORED.map(lambda text: text.replace("\0", "")).filter(bool), max_size=6)
DAYS = st.dates(date(2000, 1, 1), date(2090, 1, 1))


@settings(
    max_examples=30,
    phases=[Phase.generate],  # each example reads a file in a process of its own: shrinking would take minutes
)
@given(data=st.data())
def test_importing_an_export_changes_nothing_whatever_the_texts(sqlite, tmp_path, data):
    text = lambda: data.draw(STORED).replace("\0", "")  # noqa: E731  # drawn anew at every use
    for table in (PaymentModel, InvoiceModel, CustomerModel):
        table.delete().execute()
    customer = a_customer(
        code=clean_text(f"C{text()}"),
        name=f"N{text()}",
        email=text(),
        phone=text(),
        address=text(),
        notes=text(),
        own_fields=data.draw(OWN_FIELDS),
        terms_days=30,
    )
    number = clean_text(f"{text()}x")
    invoice = an_invoice(
        number,
        customer,
        number_key=snapshot.compared(number),
        total_cents=data.draw(st.integers(-(10**9), 10**9)),
        issued_on=data.draw(DAYS),
        due_on=data.draw(DAYS),
        reference=text(),
        notes=text(),
        own_fields=data.draw(OWN_FIELDS),
        ledger=f"L{text()}",
    )
    a_payment(invoice, data.draw(st.integers(-(10**6), 10**6)), method=text(), reference=text(), note=text())
    importer = an_importer(tmp_path / "data")
    path = exported(tmp_path, importer.zone)

    preview = importer.examine(path, Choices(), say_nothing).preview

    assert preview.problems == ()
    assert preview.changes == ()
    assert preview.writes == 0
    with zipfile.ZipFile(path) as parts:
        sheets = [parts.read(name) for name in parts.namelist() if name.startswith("xl/worksheets/")]
    assert not any(b"<f>" in sheet or b't="e"' in sheet for sheet in sheets)
