"""The whole store as a workbook of three tabs; importing it again changes nothing."""

import re
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TypeAlias
from zoneinfo import ZoneInfo

from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from app.store.snapshot import Snapshot, StoredInvoice
from app.workbook.difference import invoice_values

_Exported: TypeAlias = str | int | Decimal | date | None

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

# A text that begins like this would lose its first sign when it is read back, as that sign guards against formulas.
_LIKE_A_GUARD = re.compile(r"^'['=+\-@\t\r\0]")


def export(stored: Snapshot, path: Path, zone: ZoneInfo) -> None:
    """Write the workbook; texts are written as texts, so that none of them becomes a formula."""
    book = Workbook(write_only=True)
    _write_tab(book, "Customers", CUSTOMER_HEADERS, _customers(stored))
    _write_tab(book, "Invoices", INVOICE_HEADERS, _invoices(stored, zone))
    _write_tab(book, "Payments", PAYMENT_HEADERS, _payments(stored))
    book.save(path)


def _customers(stored: Snapshot) -> Iterable[Sequence[_Exported]]:
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


def _invoices(stored: Snapshot, zone: ZoneInfo) -> Iterable[Sequence[_Exported]]:
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


def _payments(stored: Snapshot) -> Iterable[Sequence[_Exported]]:
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


def _write_tab(book: Workbook, title: str, headers: Sequence[str], rows: Iterable[Sequence[_Exported]]) -> None:
    sheet = book.create_sheet(title)
    for index, header in enumerate(headers):
        sheet.column_dimensions[chr(ord("A") + index)].width = max(14, len(header) + 2)
    sheet.freeze_panes = "A2"
    sheet.append([_header(sheet, header) for header in headers])
    for row in rows:
        sheet.append([_cell(sheet, value) for value in row])


def _header(sheet: WriteOnlyWorksheet, text: str) -> Cell:
    cell = WriteOnlyCell(sheet, text)
    cell.font = Font(bold=True)
    return cell


def _cell(sheet: WriteOnlyWorksheet, value: _Exported) -> Cell | None:
    if value is None or value == "":
        return None
    if isinstance(value, str):
        text = ILLEGAL_CHARACTERS_RE.sub("", value)
        cell = WriteOnlyCell(sheet, "'" + text if _LIKE_A_GUARD.match(text) else text)
        cell.data_type = "s"
        return cell
    cell = WriteOnlyCell(sheet)
    cell.value = value
    if isinstance(value, Decimal):
        cell.number_format = "#,##0.00"
    elif isinstance(value, date):
        cell.number_format = "yyyy-mm-dd"
    return cell
