"""The whole store as a workbook of three tabs; importing it again changes nothing."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from openpyxl import Workbook

from app.store.snapshot import Snapshot, StoredInvoice
from app.workbook.difference import invoice_values
from app.workbook.listing import Listed, write_tab

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


def export(stored: Snapshot, path: Path, zone: ZoneInfo) -> None:
    """Write the workbook; texts are written as texts, so that none of them becomes a formula."""
    book = Workbook(write_only=True)
    write_tab(book, "Customers", CUSTOMER_HEADERS, _customers(stored))
    write_tab(book, "Invoices", INVOICE_HEADERS, _invoices(stored, zone))
    write_tab(book, "Payments", PAYMENT_HEADERS, _payments(stored))
    book.save(path)


def _customers(stored: Snapshot) -> Iterable[Sequence[Listed]]:
    for customer in sorted(stored.customers.values(), key=lambda customer: customer.id):
        yield (
            customer.code,
            customer.name,
            customer.email,
            customer.phone,
            customer.address,
            customer.terms_days,
            customer.notes,
        )


def _invoices(stored: Snapshot, zone: ZoneInfo) -> Iterable[Sequence[Listed]]:
    names = {customer.id: customer.name for customer in stored.customers.values()}
    for invoice in _in_order(stored):
        values = invoice_values(invoice, zone)
        state_on, state = values["state_on"], str(values["state"])
        yield (
            invoice.number,
            invoice.customer_code,
            names[invoice.customer_id],
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


def _payments(stored: Snapshot) -> Iterable[Sequence[Listed]]:
    for invoice in _in_order(stored):
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
