"""Invoices with their balance and status at the end of a day, filtered, sorted and summed by the database."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from functools import reduce
from itertools import count
from operator import and_, or_
from typing import Any, Self

from peewee import Case, Expression, fn

from app.domain import invoice as rules
from app.domain.ageing import DAYS_LATE, Bucket
from app.domain.as_of import AsOf
from app.domain.fields import INVOICE, searched_texts
from app.domain.invoice import Status
from app.domain.paging import PAGE_LENGTH
from app.store.db import tables
from app.store.db.cache import cached
from app.store.db.compiled_queries import Slot, compiled
from app.store.db.missing_records import existing_or_raise
from app.store.ledger import columns, own_fields
from app.store.ledger.receivables import Position, has_seen, is_for_good
from app.store.ledger.snapshot import compared

_Invoice, _Customer = tables.InvoiceModel, tables.CustomerModel
_SEARCHED = tuple(getattr(_Invoice, field.name) for field in searched_texts(INVOICE))
OUTSTANDING = frozenset({Status.OPEN, Status.PARTIAL, Status.OVERDUE})


class InvoiceOrder(StrEnum):
    NUMBER = "number"
    CUSTOMER = "customer"
    ISSUED = "issued"
    DUE = "due"
    TOTAL = "total"
    PAID = "paid"
    BALANCE = "balance"


@dataclass(frozen=True, slots=True)
class Order:
    column: InvoiceOrder
    descending: bool = False


LONGEST_DUE_FIRST = Order(InvoiceOrder.DUE)
NEWEST_FIRST = Order(InvoiceOrder.ISSUED, descending=True)


@dataclass(frozen=True, slots=True)
class Filter:
    """Unset fields match everything, and ranges include both ends.

    `own_field` is an own field's name and `own_text` its exact value, "" for any value.
    """

    text: str = ""
    text_cents: int | None = None
    statuses: frozenset[Status] = frozenset()
    bucket: Bucket | None = None
    customer_id: int | None = None
    ledger: str = ""
    currency: str = ""
    issued_from: date | None = None
    issued_to: date | None = None
    due_from: date | None = None
    due_to: date | None = None
    least_cents: int | None = None
    most_cents: int | None = None
    disputed: bool | None = None
    has_credit: bool = False
    import_id: int | None = None
    own_field: str = ""
    own_text: str = ""
    ids: frozenset[int] | None = None


@dataclass(frozen=True, slots=True)
class ListedInvoice:
    """One invoice with the cents paid by the end of the day.

    The balance is negative when overpaid and 0 when the invoice is no receivable; days late are 0 unless it is
    overdue.
    """

    invoice: rules.Invoice
    customer_code: str
    customer_name: str
    paid_cents: int
    balance_cents: int
    status: Status
    days_late: int
    as_of: AsOf

    @classmethod
    def of(cls, invoice: rules.Invoice, code: str, name: str, paid_cents: int, as_of: AsOf) -> Self:
        balance = invoice.total_cents - paid_cents if rules.is_in_scope(invoice, as_of) else 0
        status = rules.status(invoice, paid_cents, as_of)
        late = rules.days_late(invoice.due_on, as_of.day) if status is Status.OVERDUE else 0
        return cls(invoice, code, name, paid_cents, balance, status, late, as_of)


@dataclass(frozen=True, slots=True)
class InvoiceTotals:
    """In one currency; outstanding and overpaid amounts (credit) are not set off against each other."""

    currency: str
    invoices: int
    total_cents: int
    paid_cents: int
    outstanding_cents: int
    credit_cents: int


def matching(
    wanted: Filter, as_of: AsOf, order: Order, *, page: int = 1, length: int | None = PAGE_LENGTH
) -> list[ListedInvoice]:
    """Return one page of the matching invoices issued by the end of the day; all of them if `length` is None."""
    ledger = _Ledger(as_of)
    rows = ledger.lines().where(ledger.matches(wanted)).order_by(*ledger.in_order(order))
    return [_line(row, as_of) for row in (rows.paginate(page, length) if length else rows).tuples()]


def every(wanted: Filter, as_of: AsOf, order: Order) -> Iterator[ListedInvoice]:
    """Yield the matching invoices issued by the end of the day, without holding them all."""
    ledger = _Ledger(as_of)
    rows = ledger.lines().where(ledger.matches(wanted)).order_by(*ledger.in_order(order))
    return (_line(row, as_of) for row in rows.tuples().iterator())


@cached
def own_field_names() -> tuple[str, ...]:
    """Return the names of the own fields that invoices have, in alphabetical order."""
    return own_fields.names_in(_Invoice)


def following(wanted: Filter, as_of: AsOf, after_id: int, length: int) -> list[ListedInvoice]:
    """Return the next `length` matching invoices with an id above `after_id`, by id (keyset pagination)."""
    ledger = _Ledger(as_of)
    rows = ledger.lines().where(ledger.matches(wanted), _Invoice.id > after_id).order_by(_Invoice.id).limit(length)
    return [_line(row, as_of) for row in rows.tuples()]


@cached
def totals(wanted: Filter, as_of: AsOf) -> tuple[InvoiceTotals, ...]:
    ledger = _Ledger(as_of)
    balance = ledger.balance_cents
    rows = (
        ledger.select(
            _Invoice.currency,
            fn.COUNT(_Invoice.id),
            fn.SUM(_Invoice.total_cents),
            fn.SUM(ledger.paid_cents),
            fn.SUM(Case(None, [(balance > 0, balance)], 0)),
            fn.SUM(Case(None, [(balance < 0, 0 - balance)], 0)),
        )
        .where(ledger.matches(wanted))
        .group_by(_Invoice.currency)
        .order_by(_Invoice.currency)
    )
    return tuple(InvoiceTotals(currency, *(int(number) for number in numbers)) for currency, *numbers in rows.tuples())


@cached
def issued_later(wanted: Filter, as_of: AsOf) -> int:
    """Count the invoices that match, status and bucket aside, but were issued after the day and so have no status."""
    ledger = _Ledger(as_of)
    stateless = replace(wanted, statuses=frozenset(), bucket=None)
    later = ledger.select(_Invoice.id).where(_Invoice.issued_on > as_of.day, *ledger.narrowed(stateless))
    return later.count()


@cached
def exist() -> bool:
    return _Invoice.select().exists()


@cached
def currencies() -> tuple[str, ...]:
    return _distinct(_Invoice.currency)


@cached
def ledgers() -> tuple[str, ...]:
    return _distinct(_Invoice.ledger)


@cached
def usual_ledger() -> str:
    """Return the ledger with the most invoices, `Invoices` if there are none."""
    count = fn.COUNT(_Invoice.id)
    row: Any = _Invoice.select(_Invoice.ledger).group_by(_Invoice.ledger).order_by(count.desc()).tuples().first()
    return row[0] if row else "Invoices"


@cached
def next_number() -> str:
    """Return a free number like the latest invoice's: its letters before, and above the largest of as many digits.

    Return "" if the latest number ends in no digits.
    """
    latest = _Invoice.select(_Invoice.number).where(_Invoice.total_cents != 0)  # an advance payment is no invoice
    row: Any = latest.order_by(_Invoice.issued_on.desc(), _Invoice.id.desc()).tuples().first()
    ending = re.search(r"\d+$", row[0], re.ASCII) if row else None
    if ending is None:
        return ""
    before, digits = row[0][: ending.start()], len(ending[0])
    largest = _largest_ending(before, digits)
    following = (f"{before}{number:0{digits}d}" for number in count(largest + 1))
    return next(number for number in following if not _is_used(number))


def _largest_ending(before: str, digits: int) -> int:
    key, like = _Invoice.number_key, compared(before + "0" * digits)
    rows: Any = (
        _Invoice.select(key)
        .where(key.startswith(like[:-digits]), fn.LENGTH(key) == len(like))
        .order_by(key.desc())
        .tuples()
        .iterator()
    )
    endings = (found[-digits:] for (found,) in rows)
    return next((int(ending) for ending in endings if ending.isascii() and ending.isdigit()), 0)


def _is_used(number: str) -> bool:
    return _Invoice.select().where(_Invoice.number_key == compared(number)).exists()


def get(invoice_id: int, as_of: AsOf) -> ListedInvoice | None:
    if is_for_good(as_of):
        rows = _line_for_good(invoice_id)
    else:
        rows = _Ledger(as_of).lines().where(_Invoice.id == invoice_id).tuples()
    return next((_line(row, as_of) for row in rows), None)


def existing(invoice_id: int, as_of: AsOf) -> ListedInvoice:
    """Raise MissingError if there is none."""
    return existing_or_raise(get(invoice_id, as_of), "invoice")


def facts(invoice_id: int) -> rules.Invoice:
    """Leave out its payments; raises MissingError."""
    return columns.invoice_of(existing_or_raise(next(iter(_line_for_good(invoice_id)), None), "invoice"))


@compiled
def _line_for_good(invoice_id: Slot) -> Any:
    # For days after which nothing happened: the query then does not depend on the day and can be compiled.
    query = _Invoice.select(*columns.INVOICE, _Customer.code, _Customer.name, _Invoice.paid_cents).join(_Customer)
    return query.where(_Invoice.id == invoice_id.value)


def _distinct(column: Any) -> tuple[str, ...]:
    rows: Any = _Invoice.select(column).distinct().order_by(column).tuples()
    return tuple(value for (value,) in rows)


class _Ledger:
    """Invoices joined with their customers and paid amounts; `app.domain.invoice` as SQL."""

    def __init__(self, as_of: AsOf) -> None:
        self._as_of = as_of
        self._position = Position(as_of)
        self.paid_cents = self._position.paid_cents
        self.balance_cents = self._position.balance_cents
        self._status = Case(
            None,
            [
                (_Invoice.draft, Status.DRAFT.value),
                (has_seen(_Invoice.voided_at, as_of), Status.VOID.value),
                (has_seen(_Invoice.written_off_at, as_of), Status.WRITTEN_OFF.value),
                (self._position.left_cents <= 0, Status.PAID.value),
                (_Invoice.due_on < as_of.day, Status.OVERDUE.value),
                (self.paid_cents > 0, Status.PARTIAL.value),
            ],
            Status.OPEN.value,
        )

    def select(self, *columns: Any) -> Any:
        return self._position.joined(_Invoice.select(*columns).join(_Customer))

    def lines(self) -> Any:
        return self.select(*columns.INVOICE, _Customer.code, _Customer.name, self.paid_cents)

    def matches(self, wanted: Filter) -> Expression:
        conditions = [_Invoice.issued_on <= self._as_of.day, *self.narrowed(wanted)]
        return reduce(and_, conditions)

    def narrowed(self, wanted: Filter) -> Iterator[Expression]:
        if wanted.text:
            yield self._holds(wanted)
        if wanted.statuses:
            yield from self._is_one_of(wanted.statuses)
        if wanted.bucket:
            yield self._position.is_owed
            yield from _is_due_within(wanted.bucket, self._as_of.day)
        if wanted.disputed is not None:
            yield _Invoice.disputed == wanted.disputed
        if wanted.has_credit:
            yield self._position.has_credit
        if wanted.ids is not None:
            yield _Invoice.id.in_(sorted(wanted.ids))
        if wanted.own_field:
            yield own_fields.has(_Invoice, wanted.own_field, wanted.own_text)
        yield from _is_exactly(wanted)
        yield from _is_within(wanted)

    def in_order(self, order: Order) -> list[Any]:
        column = {
            InvoiceOrder.NUMBER: _Invoice.number_key,
            InvoiceOrder.CUSTOMER: fn.LOWER(_Customer.name),
            InvoiceOrder.ISSUED: _Invoice.issued_on,
            InvoiceOrder.DUE: _Invoice.due_on,
            InvoiceOrder.TOTAL: _Invoice.total_cents,
            InvoiceOrder.PAID: self.paid_cents,
            InvoiceOrder.BALANCE: self.balance_cents,
        }[order.column]
        # The id as a tie-breaker keeps the order the same on every page.
        return [column.desc(), _Invoice.id.desc()] if order.descending else [column, _Invoice.id]

    def _is_one_of(self, statuses: frozenset[Status]) -> Iterator[Expression]:
        if statuses <= OUTSTANDING:
            # Redundant with the status, but it lets the database use the index `invoices_open`.
            yield self._position.is_owed
        if statuses == {Status.OVERDUE}:
            yield _Invoice.due_on < self._as_of.day
        if statuses != OUTSTANDING:
            yield self._status.in_([status.value for status in statuses])

    def _holds(self, wanted: Filter) -> Expression:
        customers = _Customer.alias("found")
        named = customers.select(customers.id).where(
            customers.name.contains(wanted.text) | customers.code.contains(wanted.text)
        )
        found: list[Any] = [
            *(place.contains(wanted.text) for place in _SEARCHED),
            own_fields.any_holds(_Invoice, wanted.text),
            _Invoice.customer.in_(named),
        ]
        if wanted.text_cents is not None:
            found += [_Invoice.total_cents == wanted.text_cents, self.balance_cents == wanted.text_cents]
        return reduce(or_, found)


def _is_exactly(wanted: Filter) -> Iterator[Expression]:
    conditions: tuple[tuple[Any, Any], ...] = (
        (_Invoice.customer, wanted.customer_id),
        (_Invoice.ledger, wanted.ledger),
        (_Invoice.currency, wanted.currency),
        (_Invoice.origin, wanted.import_id),
    )
    return (column == value for column, value in conditions if value)


def _is_within(wanted: Filter) -> Iterator[Expression]:
    ranges: tuple[tuple[Any, Any, Any], ...] = (
        (_Invoice.issued_on, wanted.issued_from, wanted.issued_to),
        (_Invoice.due_on, wanted.due_from, wanted.due_to),
        (_Invoice.total_cents, wanted.least_cents, wanted.most_cents),
    )
    for column, least, most in ranges:
        if least is not None:
            yield column >= least
        if most is not None:
            yield column <= most


def _is_due_within(bucket: Bucket, day: date) -> Iterator[Expression]:
    least, most = DAYS_LATE[bucket]
    if most is not None:
        yield _Invoice.due_on >= day - timedelta(days=most)
    if least is not None:
        yield _Invoice.due_on <= day - timedelta(days=least)


def _line(row: Any, as_of: AsOf) -> ListedInvoice:
    *_, customer_code, customer_name, paid_cents = row
    return ListedInvoice.of(columns.invoice_of(row), customer_code, customer_name, int(paid_cents), as_of)
