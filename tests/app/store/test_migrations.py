"""The migrations make the tables that the code describes."""

from pathlib import Path

from playhouse.migrations import Runner
from playhouse.schema_diff import diff_models
from support.records import LONG_AGO, a_payment, an_invoice

from app.store import database as store_database
from app.store import tables

# Indexes over some rows only: peewee's models do not describe them, the migrations make them.
PARTIAL_INDEXES = {
    "invoices_open",
    "invoices_voided_at",
    "invoices_written_off_at",
    "payments_paid_on",
    "payments_voided_at",
    "payments_receipt",
}


def test_the_migrated_database_has_exactly_the_tables_of_the_code(database):
    found = diff_models(database, tables.ALL)

    assert {index.name for index in found.drop_indexes} == PARTIAL_INDEXES
    assert not found._replace(drop_indexes=[])


def test_the_second_migration_keeps_what_was_paid_before_it(sqlite):
    runner = Runner(sqlite, directory=str(Path(store_database.__file__).parent / "migrations"))
    invoice = an_invoice(total_cents=100_00)
    a_payment(invoice, 40_00)
    a_payment(invoice, 10_00, voided_at=LONG_AGO)

    runner.down("0002_kept_balances")
    runner.up()

    assert tables.Invoice.get().paid_cents == 40_00


def test_the_third_migration_marks_the_parts_that_there_were_before_it(database):
    runner = Runner(database, directory=str(Path(store_database.__file__).parent / "migrations"))
    for number in (1, 1024, 1025, 3072):
        an_invoice(str(number), id=number)

    runner.down("0003_ledger_parts")
    runner.up()

    assert sorted(row.id for row in tables.LedgerPart.select()) == [0, 1, 3]
    marks = {row.mark for row in tables.LedgerPart.select()}
    tables.Invoice.update(notes="x").where(tables.Invoice.id == 1).execute()
    assert len(marks & {row.mark for row in tables.LedgerPart.select()}) == 2


def test_the_eighth_migration_gives_what_there_was_no_own_fields_and_keeps_the_triggers(database):
    runner = Runner(database, directory=str(Path(store_database.__file__).parent / "migrations"))
    invoice = an_invoice(own_fields={"District": "North"})

    runner.down("0008_own_fields")
    runner.up()
    a_payment(invoice, 10_00)

    assert (tables.Invoice.get().own_fields, tables.Customer.get().own_fields) == ({}, {})
    assert tables.Invoice.get().paid_cents == 10_00


def test_a_second_migration_has_nothing_to_do(database):
    assert store_database.migrate() == []


def test_a_database_without_migrations_is_not_current(tmp_path):
    store_database.open_database(f"sqlite:///{tmp_path}/new.sqlite3")

    with store_database.connection():
        assert not store_database.is_current()
