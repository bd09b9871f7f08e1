"""Rows of a list of invoices, each value as the reader writes it: a page has many, and a template is slow at such."""

from typing import NamedTuple, Self

from app.store.ledger.invoices import ListedInvoice
from app.web.http.locales import Locale


class InvoiceListRow(NamedTuple):
    """In the order in which the template takes the values; `kind` names the badge of the status."""

    id: int
    number: str
    customer: str
    customer_id: int
    issued: str
    issued_on: str
    due: str
    due_on: str
    total: str
    paid: str
    balance: str
    currency: str
    kind: str
    status: str
    disputed: bool
    late: str

    @classmethod
    def of(cls, line: ListedInvoice, locale: Locale) -> Self:
        invoice, status = line.invoice, line.status.value
        return cls(
            invoice.id,
            invoice.number,
            line.customer_name,
            invoice.customer_id,
            invoice.issued_on.isoformat(),
            locale.day(invoice.issued_on),
            invoice.due_on.isoformat(),
            locale.day(invoice.due_on),
            locale.money(invoice.total_cents),
            locale.money(line.paid_cents),
            locale.money(line.balance_cents),
            invoice.currency,
            status.replace(" ", "-"),
            status.capitalize(),
            invoice.disputed,
            locale.number(line.days_late) if line.days_late else "",
        )
