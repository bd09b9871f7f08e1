"""Figures say what a ledger means: whatever changes an amount, a day or the record changes them."""

import json
from datetime import date

import pytest
from support.audit_entries import audit_entries_removable
from support.records import a_customer, a_payment, a_user, an_invoice

from app.backups.figures import Figures, differences
from app.store.access import audit, audit_chain
from app.store.db import tables
from app.store.db.transactions import transaction

TODAY = date(2026, 3, 2)
QUEUE_OF_WORK = {"counter", "kv", "schedule", "task"}


@pytest.fixture
def ledger(database, now):
    acme, blue = a_customer("C1", "Acme"), a_customer("C2", "Blue")
    paid = an_invoice("1", acme, total_cents=100_00)
    a_payment(paid, 40_00, paid_on=date(2026, 2, 10))
    an_invoice("2", blue, total_cents=2_345_67, currency="EUR", issued_on=date(2025, 12, 24))
    user = a_user()
    with transaction():
        for number in (1, 2):
            audit.append(user, "invoice.edited", f"invoice:{number}", now=now)


def test_outstanding_is_told_as_of_today_and_of_the_four_month_ends_before(ledger):
    outstanding = Figures.taken(TODAY).outstanding

    assert outstanding == {
        date(2026, 3, 2): {("C1", "USD"): 60_00, ("C2", "EUR"): 2_345_67},
        date(2026, 2, 28): {("C1", "USD"): 60_00, ("C2", "EUR"): 2_345_67},
        date(2026, 1, 31): {("C1", "USD"): 100_00, ("C2", "EUR"): 2_345_67},
        date(2025, 12, 31): {("C2", "EUR"): 2_345_67},
        date(2025, 11, 30): {},
    }


def test_each_table_is_told_with_its_rows_and_money(ledger):
    totals = Figures.taken(TODAY).tables

    assert totals["invoices"] == {"rows": 2, "total_cents": 2_445_67, "paid_cents": 40_00}
    assert totals["payments"] == {"rows": 1, "amount_cents": 40_00}
    assert totals["users"] == {"rows": 1}


def test_every_table_is_among_them(database):
    names = set(database.get_tables()) - {"schema_migration", *QUEUE_OF_WORK}

    assert set(Figures.taken(TODAY).tables) == names


def test_the_record_is_told_by_its_length_and_its_last_seal(ledger):
    figures = Figures.taken(TODAY)

    assert (figures.audit_entries, figures.audit_head) == (2, audit_chain.verify().head)
    assert figures.migrations == ("0001_tables",)


def test_figures_are_the_same_after_they_were_written_down(ledger):
    figures = Figures.taken(TODAY)

    again = Figures.from_json(json.loads(json.dumps(figures.to_json())))

    assert again == figures
    assert differences(figures, again) == []


def test_a_payment_that_is_gone_is_told_by_customer_currency_day_and_both_amounts(ledger):
    before = Figures.taken(TODAY)
    tables.PaymentModel.delete().execute()

    assert differences(before, Figures.taken(TODAY)) == [
        "On 2026-02-28 customer C1 owed 60.00 USD, now 100.00 USD.",
        "On 2026-03-02 customer C1 owed 60.00 USD, now 100.00 USD.",
        "paid_cents of invoices came to 40.00, now 0.00.",
        "The table payments had 1 row, now 0.",
        "amount_cents of payments came to 40.00, now 0.00.",
    ]


def test_a_cent_more_is_told(ledger):
    before = Figures.taken(TODAY)
    tables.InvoiceModel.update(total_cents=2_345_68).where(tables.InvoiceModel.number == "2").execute()

    assert "On 2025-12-31 customer C2 owed 2,345.67 EUR, now 2,345.68 EUR." in differences(before, Figures.taken(TODAY))


def test_a_record_that_was_sealed_again_is_told_by_its_end(ledger, database, now):
    before = Figures.taken(TODAY)
    with audit_entries_removable(database):
        tables.AuditEntryModel.delete().where(tables.AuditEntryModel.id == 2).execute()
    with transaction():
        audit.append(None, "invoice.edited", "invoice:3", now=now)
    after = Figures.taken(TODAY)

    assert (after.audit_entries, after.audit_problem) == (2, "")
    assert differences(before, after) == [
        f"The record of what was done ended with the seal {before.audit_head}, not {after.audit_head}."
    ]


def test_a_broken_record_is_told(ledger, database):
    before = Figures.taken(TODAY)
    with audit_entries_removable(database):
        tables.AuditEntryModel.update(actor="Bob").where(tables.AuditEntryModel.id == 2).execute()

    assert differences(before, Figures.taken(TODAY))[0] == (
        "The record of what was done is broken at entry 2: what it says is not what was sealed."
    )


def test_an_empty_database_agrees_with_no_ledger(ledger, database):
    before = Figures.taken(TODAY)
    for table in (tables.PaymentModel, tables.InvoiceModel, tables.CustomerModel):
        table.delete().execute()

    assert len(differences(before, Figures.taken(TODAY))) >= 8


def test_figures_of_another_database_never_come_out_of_a_cache(ledger, sqlite_url, tmp_path):
    """A restored database has the version of the one that it was made of, under which figures are cached."""
    before = Figures.taken(TODAY)
    [version] = tables.database.execute_sql("SELECT version FROM ledger_versions").fetchone()
    tables.PaymentModel.delete().execute()
    tables.LedgerVersionModel.update(version=version).execute()

    assert differences(before, Figures.taken(TODAY)) != []
