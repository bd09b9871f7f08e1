"""Export all receivables, or those of a list, as a workbook of three tabs; importing it again changes nothing."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from openpyxl import Workbook

from app.domain import fields
from app.domain.fields import Field
from app.domain.money import decimal_of
from app.domain.payment import Payment
from app.store.ledger.invoices import ListedInvoice
from app.store.ledger.payment_list import PaymentLine
from app.store.ledger.snapshot import Snapshot, StoredCustomer, StoredInvoice, StoredPayment, compared
from app.workbook.difference import customer_values, invoice_values, payment_values
from app.workbook.meaning.columns.own_columns import heading
from app.workbook.meaning.vocabulary.headings import FIGURES_OF_INVOICE
from app.workbook.writing import listing
from app.workbook.writing.listing import Listed, write_tab

_Stored = TypeVar("_Stored", StoredCustomer, StoredInvoice)


def _with_customer(described: Iterable[Field], owner: Mapping[str, str]) -> dict[str, str]:
    """Put the customer after the number, as numbers may repeat among customers."""
    first, *rest = fields.headers_by_record(described).items()
    return dict([first, *owner.items(), *rest])


CUSTOMER_HEADERS = fields.headers_by_record(fields.CUSTOMER)
INVOICE_HEADERS = _with_customer(fields.INVOICE, {"customer_code": "Customer ID", "customer_name": "Customer"})
_PAYMENT = _with_customer(fields.PAYMENT, {"customer_code": "Customer ID"})
PAYMENT_HEADERS = tuple(_PAYMENT.values())
PAYMENT_LIST_HEADERS = (*PAYMENT_HEADERS, "Customer", "Currency")


def export(stored: Snapshot, zone: ZoneInfo) -> bytes:
    """Texts are stored as texts, so that none of them becomes a formula."""
    invoices = _in_order(stored.invoices.values())
    book = Workbook(write_only=True)
    write_tab(book, "Customers", *customers(map(customer_values, _in_order(stored.customers.values()))))
    own = own_names(invoice.own_fields for invoice in invoices)
    write_tab(book, "Invoices", _headers(INVOICE_HEADERS, own), (_invoice(stored, one, zone, own) for one in invoices))
    write_tab(book, "Payments", PAYMENT_HEADERS, _payments(stored, invoices))
    return listing.saved(book)


def invoices_xlsx(lines: Sequence[ListedInvoice], stored: Snapshot, zone: ZoneInfo) -> bytes:
    """Keep the list's order, with its payments and customers in further tabs.

    Figures of the list's day are added under headers that an import does not map.
    """
    by_id = {invoice.id: invoice for invoice in stored.invoices.values()}
    invoices = [by_id[line.invoice.id] for line in lines]
    owners = [stored.customers[code] for code in {compared(invoice.customer_code) for invoice in invoices}]
    book = Workbook(write_only=True)
    write_tab(book, "Invoices", *_invoice_list(lines, stored, zone))
    write_tab(book, "Payments", PAYMENT_HEADERS, _payments(stored, invoices))
    write_tab(book, "Customers", *customers(map(customer_values, _in_order(owners))))
    return listing.saved(book)


def invoices_csv(lines: Sequence[ListedInvoice], stored: Snapshot, zone: ZoneInfo) -> bytes:
    return listing.csv(*_invoice_list(lines, stored, zone))


def payments_list(lines: Iterable[PaymentLine]) -> tuple[Sequence[str], list[Sequence[Listed]]]:
    """Leave out voided payments, which would be imported as real ones."""
    return PAYMENT_LIST_HEADERS, [
        [*_payment(line.payment, line.number, line.customer_code), line.customer_name, line.currency]
        for line in lines
        if line.payment.voided_at is None
    ]


def _invoice_list(
    lines: Sequence[ListedInvoice], stored: Snapshot, zone: ZoneInfo
) -> tuple[Sequence[str], list[Sequence[Listed]]]:
    day = lines[0].as_of.day.isoformat() if lines else ""
    by_id = {invoice.id: invoice for invoice in stored.invoices.values()}
    own = own_names(by_id[line.invoice.id].own_fields for line in lines)
    headers = (*_headers(INVOICE_HEADERS, own), *(f"As of {day}: {figure}" for figure in FIGURES_OF_INVOICE))
    rows: list[Sequence[Listed]] = [
        (
            *_invoice(stored, by_id[line.invoice.id], zone, own),
            decimal_of(line.paid_cents),
            decimal_of(line.balance_cents),
            line.status.value.capitalize(),
            line.days_late,
        )
        for line in lines
    ]
    return headers, rows


def customers(records: Iterable[Mapping[str, Any]]) -> tuple[Sequence[str], list[Sequence[Listed]]]:
    """Write rows; `records` has the customers' values by the field names of a workbook's record."""
    known = list(records)
    own = own_names(one["own_fields"] for one in known)
    return _headers(CUSTOMER_HEADERS, own), [[*cells(one, CUSTOMER_HEADERS), *_own_cells(one, own)] for one in known]


def own_names(all_own_fields: Iterable[Mapping[str, str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for own_fields in all_own_fields for name in own_fields))


def _headers(known: Mapping[str, str], own: Iterable[str]) -> tuple[str, ...]:
    return (*known.values(), *map(heading, own))


def _own_cells(record: Mapping[str, Any], own: Iterable[str]) -> Iterable[str]:
    return (record["own_fields"].get(name, "") for name in own)


def _invoice(stored: Snapshot, invoice: StoredInvoice, zone: ZoneInfo, own: Iterable[str]) -> Sequence[Listed]:
    values = invoice_values(invoice, zone)
    owner = {
        "customer_code": invoice.customer_code,
        "customer_name": stored.customers[compared(invoice.customer_code)].name,
    }
    record = {**values, **owner, "state": str(values["state"]).capitalize()}
    return [*cells(record, INVOICE_HEADERS), *_own_cells(record, own)]


def _payments(stored: Snapshot, invoices: Iterable[StoredInvoice]) -> Iterable[Sequence[Listed]]:
    for invoice in invoices:
        for payment in stored.payments.get(invoice.id, ()):
            yield _payment(payment, invoice.number, invoice.customer_code)


def _payment(payment: Payment | StoredPayment, number: str, customer_code: str) -> list[Listed]:
    record = {**payment_values(payment), "invoice_number": number, "customer_code": customer_code}
    return cells(record, _PAYMENT)


def cells(record: Mapping[str, Any], names: Iterable[str]) -> list[Listed]:
    return [_cell(name, record[name]) for name in names]


def _cell(name: str, value: Listed) -> Listed:
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return decimal_of(value) if name.endswith("_cents") and isinstance(value, int) else value


def _in_order(stored: Iterable[_Stored]) -> list[_Stored]:
    return sorted(stored, key=lambda one: one.id)
