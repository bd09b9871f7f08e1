"""Open items: what a customer owes on a day, invoice by invoice, and the credit that can be set off against it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cached_property

from app.domain.ageing import Ageing, Balances, ageing_by_currency, nothing_owed
from app.domain.as_of import AsOf
from app.domain.invoice import Invoice, days_late, is_in_scope
from app.domain.payment import Payment, paid_cents


class ItemKind(StrEnum):
    INVOICE = "invoice"
    CREDIT_NOTE = "credit note"
    ADVANCE = "advance payment"
    OVERPAID = "overpaid invoice"


@dataclass(frozen=True, slots=True)
class OpenItem:
    """What is left of an invoice; `open_cents` is negative for credit."""

    kind: ItemKind
    invoice: Invoice
    paid_cents: int
    open_cents: int
    days_late: int

    @property
    def note(self) -> str:
        """Say what kind of credit it is, or that what is owed is disputed."""
        if self.open_cents < 0:
            return self.kind.value
        return "disputed" if self.invoice.disputed else ""


@dataclass(frozen=True, slots=True)
class PaymentRequest:
    """What to pay: what is overdue at once, what is due next by its day, each after credit was set off."""

    overdue_cents: int = 0
    due_on: date | None = None
    due_cents: int = 0

    @property
    def is_for_something(self) -> bool:
        return bool(self.overdue_cents or self.due_cents)


@dataclass(frozen=True)
class OpenItems:
    """Of one currency; `owed` by due date, then `credits` by day of issue."""

    day: date
    currency: str
    owed: tuple[OpenItem, ...]
    credits: tuple[OpenItem, ...]

    @property
    def outstanding_cents(self) -> int:
        return sum(item.open_cents for item in self.owed)

    @property
    def credit_cents(self) -> int:
        """Return what can be set off, as a positive number."""
        return -sum(item.open_cents for item in self.credits)

    @property
    def balance_cents(self) -> int:
        return self.outstanding_cents - self.credit_cents

    @cached_property
    def ageing(self) -> Ageing:
        reports = ageing_by_currency(map(_balance, (*self.owed, *self.credits)), self.day)
        return reports[0] if reports else nothing_owed(self.currency, self.day)

    @cached_property
    def request(self) -> PaymentRequest:
        """Set credit off against what was due first; what is disputed is not asked for."""
        left = list(self._after_credit())
        overdue_cents = sum(cents for item, cents in left if item.days_late > 0)
        later = [(item.invoice.due_on, cents) for item, cents in left if item.days_late <= 0 and cents]
        if not later:
            return PaymentRequest(overdue_cents)
        next_on = later[0][0]
        return PaymentRequest(overdue_cents, next_on, sum(cents for due_on, cents in later if due_on == next_on))

    def _after_credit(self) -> Iterator[tuple[OpenItem, int]]:
        credit_cents = self.credit_cents
        for item in self.owed:
            if not item.invoice.disputed:
                set_off = min(credit_cents, item.open_cents)
                credit_cents -= set_off
                yield item, item.open_cents - set_off


def open_items(entries: Iterable[tuple[Invoice, Sequence[Payment]]], as_of: AsOf, currency: str) -> OpenItems:
    """Take the invoices of one currency with all their payments."""
    items = list(_items(entries, as_of))
    owed = sorted((item for item in items if item.open_cents > 0), key=_by_due_date)
    credit = sorted((item for item in items if item.open_cents < 0), key=_by_issue)
    return OpenItems(as_of.day, currency, tuple(owed), tuple(credit))


def _items(entries: Iterable[tuple[Invoice, Sequence[Payment]]], as_of: AsOf) -> Iterator[OpenItem]:
    for invoice, payments in entries:
        paid = paid_cents(payments, as_of)
        if is_in_scope(invoice, as_of) and paid != invoice.total_cents:
            late = days_late(invoice.due_on, as_of.day)
            yield OpenItem(_kind(invoice, paid), invoice, paid, invoice.total_cents - paid, late)


def _kind(invoice: Invoice, paid: int) -> ItemKind:
    if paid < invoice.total_cents:
        return ItemKind.INVOICE
    if invoice.total_cents < 0:
        return ItemKind.CREDIT_NOTE
    return ItemKind.OVERPAID if invoice.total_cents else ItemKind.ADVANCE


def _by_due_date(item: OpenItem) -> tuple[date, str]:
    return item.invoice.due_on, item.invoice.number


def _by_issue(item: OpenItem) -> tuple[date, str]:
    return item.invoice.issued_on, item.invoice.number


def _balance(item: OpenItem) -> Balances:
    is_owed = item.open_cents > 0
    return Balances(
        item.invoice.currency,
        item.invoice.due_on,
        int(is_owed),
        item.open_cents if is_owed else 0,
        0 if is_owed else -item.open_cents,
    )
