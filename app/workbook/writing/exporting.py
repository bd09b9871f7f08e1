"""All receivables, or those of a list, as a workbook of three tabs; importing it again changes nothing."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

from openpyxl import Workbook

from app.store.invoices import Line
from app.store.payment_list import PaymentLine
from app.store.snapshot import Snapshot, StoredInvoice, compared
from app.workbook.difference import invoice_values
from app.workbook.writing import listing
from app.workbook.writing.listing import Listed, write_tab

CUSTOMER_HEADERS = ("Customer ID", "Name", "E-mail", "Phone", "Address", "Terms (days)", "Notes")
INVOICE_HEADERS = (
    "Invoice No",
    "Customer ID",
    "Customer",
    "Invoice Date",
    "Due Date",
    "Currency",
    "Amount",
    "Status",
    "Status Date",
    "Status Reason",
    "Disputed",
    "Ledger",
    "Reference",
    "Notes",
)
PAYMENT_HEADERS = ("Invoice No", "Customer ID", "Payment Date", "Amount", "Method", "Reference", "Note")


PAYMENT_LIST_HEADERS = (*PAYMENT_HEADERS, "Customer", "Currency")


def export(stored: Snapshot, path: Path, zone: ZoneInfo) -> None:
    """Write the workbook; texts are written as texts, so that none of them becomes a formula."""
    invoices = _in_order(stored)
    book = Workbook(write_only=True)
    write_tab(book, "Customers", CUSTOMER_HEADERS, _customers(stored))
    write_tab(book, "Invoices", INVOICE_HEADERS, (_invoice(stored, invoice, zone) for invoice in invoices))
    write_tab(book, "Payments", PAYMENT_HEADERS, _payments(stored, invoices))
    book.save(path)


def invoices_xlsx(lines: Sequence[Line], stored: Snapshot, zone: ZoneInfo) -> bytes:
    """Return the invoices of a list, in its order, with their customers and payments in tabs of their own.

    Beside what is imported again stand the figures of the list's day, under headers that no import takes for its own.
    """
    by_id = {invoice.id: invoice for invoice in stored.invoices.values()}
    invoices = [by_id[line.invoice.id] for line in lines]
    owners = {invoice.customer_id for invoice in invoices}
    book = Workbook(write_only=True)
    write_tab(book, "Invoices", *_invoice_list(lines, stored, zone))
    write_tab(book, "Payments", PAYMENT_HEADERS, _payments(stored, invoices))
    write_tab(book, "Customers", CUSTOMER_HEADERS, _customers(stored, owners))
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


def invoices_csv(lines: Sequence[Line], stored: Snapshot, zone: ZoneInfo) -> bytes:
    """Return the invoices of a list, in its order, with the figures of its day."""
    return listing.csv(*_invoice_list(lines, stored, zone))


def payments_list(lines: Iterable[PaymentLine]) -> tuple[Sequence[str], list[Sequence[Listed]]]:
    """Return headers and rows of a list of payments, voided ones left out: they would be imported as made."""
    return PAYMENT_LIST_HEADERS, [
        (
            line.number,
            line.customer_code,
            line.payment.paid_on,
            _amount(line.payment.amount_cents),
            line.payment.method,
            line.payment.reference,
            line.payment.note,
            line.customer_name,
            line.currency,
        )
        for line in lines
        if line.payment.voided_at is None
    ]


def _invoice_list(
    lines: Sequence[Line], stored: Snapshot, zone: ZoneInfo
) -> tuple[Sequence[str], list[Sequence[Listed]]]:
    day = lines[0].as_of.day.isoformat() if lines else ""
    by_id = {invoice.id: invoice for invoice in stored.invoices.values()}
    headers = (
        *INVOICE_HEADERS,
        f"As of {day}: paid",
        f"As of {day}: left",
        f"As of {day}: standing",
        f"As of {day}: late",
    )
    rows: list[Sequence[Listed]] = [
        (
            *_invoice(stored, by_id[line.invoice.id], zone),
            _amount(line.paid_cents),
            _amount(line.balance_cents),
            line.status.value.capitalize(),
            line.days_late,
        )
        for line in lines
    ]
    return headers, rows


def _customers(stored: Snapshot, wanted: Collection[int] | None = None) -> Iterable[Sequence[Listed]]:
    for customer in sorted(stored.customers.values(), key=lambda customer: customer.id):
        if wanted is not None and customer.id not in wanted:
            continue
        yield (
            customer.code,
            customer.name,
            customer.email,
            customer.phone,
            customer.address,
            customer.terms_days,
            customer.notes,
        )


def _invoice(stored: Snapshot, invoice: StoredInvoice, zone: ZoneInfo) -> Sequence[Listed]:
    values = invoice_values(invoice, zone)
    state_on, state = values["state_on"], str(values["state"])
    return (
        invoice.number,
        invoice.customer_code,
        stored.customers[compared(invoice.customer_code)].name,
        invoice.issued_on,
        invoice.due_on,
        invoice.currency,
        _amount(invoice.total_cents),
        state.capitalize(),
        state_on if isinstance(state_on, date) else None,
        str(values["state_reason"]),
        "Yes" if invoice.disputed else "No",
        invoice.ledger,
        invoice.reference,
        invoice.notes,
    )


def _payments(stored: Snapshot, invoices: Iterable[StoredInvoice]) -> Iterable[Sequence[Listed]]:
    for invoice in invoices:
        for payment in stored.payments.get(invoice.id, ()):
            yield (
                invoice.number,
                invoice.customer_code,
                payment.paid_on,
                _amount(payment.amount_cents),
                payment.method,
                payment.reference,
                payment.note,
            )


def _in_order(stored: Snapshot) -> list[StoredInvoice]:
    return sorted(stored.invoices.values(), key=lambda invoice: invoice.id)


def _amount(cents: int) -> Decimal:
    return Decimal(cents).scaleb(-2)
