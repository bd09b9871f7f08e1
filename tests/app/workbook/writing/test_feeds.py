"""Lists that a spreadsheet refreshes, as a file: long ones are written row by row."""

import tracemalloc
from datetime import date
from zoneinfo import ZoneInfo

from app.domain.as_of import AsOf
from app.domain.invoice import Invoice
from app.store.ledger.invoices import ListedInvoice
from app.workbook.writing.feeds import invoice_table

ZONE = ZoneInfo("Europe/Berlin")


def lines(count):
    as_of = AsOf.end_of(date(2026, 3, 2), ZONE)
    for number in range(count):
        invoice = Invoice(
            id=number,
            number=f"{number}",
            customer_id=1,
            issued_on=date(2026, 1, 1),
            due_on=date(2026, 1, 31),
            currency="EUR",
            total_cents=119_00,
            ledger="2026",
            disputed=False,
            voided_at=None,
            void_reason="",
            written_off_at=None,
            write_off_reason="",
            version=1,
        )
        yield ListedInvoice.of(invoice, "C1", "Müller & Söhne", 19_00, as_of)


def test_a_row_has_days_and_amounts_that_any_program_reads():
    row = invoice_table(lines(1), (), ZONE).csv.decode("utf-8-sig").splitlines()[1]

    assert row == "0,C1,Müller & Söhne,2026-01-01,2026-01-31,EUR,119.00,,,No,2026,,,19.00,100.00,Overdue,30"


def test_50000_rows_are_not_held_in_memory_one_by_one():
    tracemalloc.start()

    written = invoice_table(lines(50_000), (), ZONE).csv
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert written.count(b"\r\n") == 50_001
    assert peak_bytes < 8 * len(written)
