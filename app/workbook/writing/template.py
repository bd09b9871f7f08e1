"""An empty workbook to fill in: three tabs with headings of our own exports, about which an import never asks."""

from collections.abc import Iterable

from openpyxl import Workbook

from app.domain.fields import CUSTOMER, INVOICE, PAYMENT, Field, Type
from app.workbook.reading.cells import column_letter
from app.workbook.writing.listing import AMOUNT_FORMAT, DAY_FORMAT, bold, cell, saved

_FORMATS = {Type.DAY: DAY_FORMAT, Type.CENTS: AMOUNT_FORMAT}
_CUSTOMER_OF_INVOICE = Field("customer_id", "Customer", Type.RECORD, header="Customer")


def _named(described: Iterable[Field], *names: str) -> tuple[Field, ...]:
    by_name = {field.name: field for field in described}
    return tuple(by_name[name] for name in names)


_CUSTOMERS = _named(CUSTOMER, "code", "name", "email", "phone", "address", "terms_days")
_INVOICE_NUMBER, *_INVOICE_FACTS = _named(INVOICE, "number", "issued_on", "due_on", "total_cents", "reference")
_PAYMENTS = _named(PAYMENT, "invoice_id", "paid_on", "amount_cents", "method", "reference")
_TABS = {
    "Customers": (_CUSTOMERS, "One row for each customer. Terms are the days from the invoice to its due date."),
    "Invoices": (
        (_INVOICE_NUMBER, _CUSTOMER_OF_INVOICE, *_INVOICE_FACTS),
        "One row for each invoice; the customer by name or by the id of the other tab.",
    ),
    "Payments": (_PAYMENTS, "One row for each payment of an invoice; leave the tab empty if nothing was paid yet."),
}
HEADINGS = {tab: [field.header for field in described] for tab, (described, _) in _TABS.items()}


def template() -> bytes:
    book = Workbook(write_only=True)
    for tab, (described, help_line) in _TABS.items():
        _write(book, tab, described, help_line)
    return saved(book)


def _write(book: Workbook, tab: str, described: Iterable[Field], help_line: str) -> None:
    sheet = book.create_sheet(tab)
    for index, field in enumerate(described):
        column = sheet.column_dimensions[column_letter(index)]
        column.width = max(16, len(field.header) + 2)
        if field.type in _FORMATS:
            column.number_format = _FORMATS[field.type]
    sheet.freeze_panes = "A3"
    sheet.append([cell(sheet, help_line)])
    sheet.append([bold(sheet, field.header) for field in described])
