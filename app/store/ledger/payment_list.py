"""Lists and totals of payments, filtered, counted and summed by the database."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import and_, or_
from typing import Any

from peewee import Expression, fn

from app.domain.paging import PAGE_LENGTH
from app.domain.payment import Payment
from app.store.db import tables
from app.store.db.cache import cached
from app.store.ledger import columns

_Payment, _Invoice, _Customer = tables.PaymentModel, tables.InvoiceModel, tables.CustomerModel
_LATEST = 1_000
_IS_TOGETHER = _Payment.batch_key.is_null(is_null=False)


@dataclass(frozen=True, slots=True)
class PaymentFilter:
    """Unset fields match everything, and ranges include both ends."""

    text: str = ""
    text_cents: int | None = None
    paid_from: date | None = None
    paid_to: date | None = None
    customer_id: int | None = None
    method: str = ""
    with_voided: bool = False
    invoice_ids: frozenset[int] | None = None


@dataclass(frozen=True, slots=True)
class PaymentLine:
    payment: Payment
    number: str
    currency: str
    customer_id: int
    customer_code: str
    customer_name: str


@dataclass(frozen=True, slots=True)
class ListedBatch:
    """The payments that were recorded together, or one that was recorded alone: as a line of a bank statement."""

    lines: tuple[PaymentLine, ...]

    @property
    def amount_cents(self) -> int:
        return sum(line.payment.amount_cents for line in self.lines)


@dataclass(frozen=True, slots=True)
class PaymentTotals:
    """In one currency: `payments` counts those recorded together once, `amount_cents` leaves voided ones out."""

    currency: str
    payments: int
    amount_cents: int


def batches(wanted: PaymentFilter, page: int) -> list[ListedBatch]:
    """Return one page of the matching payments, newest first, those that were recorded together as one."""
    first_of_each = _joined(fn.MIN(_Payment.id)).where(_matches(wanted), _IS_TOGETHER).group_by(_Payment.batch_key)
    rows = _lines(wanted).where(~_IS_TOGETHER | _Payment.id.in_(first_of_each))
    firsts = [_line(row) for row in _newest_first(rows).paginate(page, PAGE_LENGTH).tuples()]
    keys = {line.payment.batch_key for line in firsts} - {None}
    parts: dict[str | None, list[PaymentLine]] = defaultdict(list)
    for row in _lines(wanted).where(_Payment.batch_key.in_(sorted(keys))).order_by(_Payment.id).tuples():
        line = _line(row)
        parts[line.payment.batch_key].append(line)
    return [ListedBatch(tuple(parts.get(line.payment.batch_key, [line]))) for line in firsts]


def matching(wanted: PaymentFilter) -> list[PaymentLine]:
    """Return all matching payments, newest first."""
    return [_line(row) for row in _newest_first(_lines(wanted)).tuples()]


def following(wanted: PaymentFilter, after_id: int, length: int) -> list[PaymentLine]:
    """Return the next `length` matching payments with an id above `after_id`, by id (keyset pagination)."""
    rows = _lines(wanted).where(_Payment.id > after_id).order_by(_Payment.id).limit(length)
    return [_line(row) for row in rows.tuples()]


def of_ids(payment_ids: Collection[int]) -> list[PaymentLine]:
    """Return them by id, voided ones included."""
    rows = _lines(PaymentFilter(with_voided=True)).where(_Payment.id.in_(sorted(payment_ids)))
    return [_line(row) for row in rows.order_by(_Payment.id).tuples()]


@cached
def methods() -> tuple[str, ...]:
    """Return the distinct methods of the latest thousand payments, sorted: the suggestions in a form."""
    latest = (
        _Payment.select(_Payment.method)
        .where(~_Payment.moves_credit)
        .order_by(_Payment.id.desc())
        .limit(_LATEST)
        .alias("latest")
    )
    rows: Any = latest.select_from(latest.c.method).distinct().tuples()
    return tuple(sorted(method for (method,) in rows if method))


@cached
def totals(wanted: PaymentFilter) -> tuple[PaymentTotals, ...]:
    counted = fn.SUM(_Payment.amount_cents).filter(_Payment.voided_at.is_null())
    alone = fn.COUNT(_Payment.id) - fn.COUNT(_Payment.batch_key)
    payments = alone + fn.COUNT(_Payment.batch_key.distinct())
    rows = (
        _joined(_Invoice.currency, payments, fn.COALESCE(counted, 0))
        .where(_matches(wanted))
        .group_by(_Invoice.currency)
        .order_by(_Invoice.currency)
    )
    return tuple(PaymentTotals(currency, int(count), int(cents)) for currency, count, cents in rows.tuples())


def _lines(wanted: PaymentFilter) -> Any:
    further = (_Invoice.number, _Invoice.currency, _Customer.id, _Customer.code, _Customer.name)
    return _joined(*columns.PAYMENT, *further).where(_matches(wanted))


def _newest_first(rows: Any) -> Any:
    return rows.order_by(_Payment.paid_on.desc(), _Payment.id.desc())


def _line(row: tuple[Any, ...]) -> PaymentLine:
    payment, further = columns.payment_of(row)
    return PaymentLine(payment, *further)


def _joined(*columns: Any) -> Any:
    return _Payment.select(*columns).join(_Invoice).join(_Customer)


def _matches(wanted: PaymentFilter) -> Expression:
    return reduce(and_, _conditions(wanted), _Payment.id > 0)


def _conditions(wanted: PaymentFilter) -> Iterator[Any]:
    if wanted.text:
        yield _holds(wanted.text, wanted.text_cents)
    if wanted.paid_from is not None:
        yield _Payment.paid_on >= wanted.paid_from
    if wanted.paid_to is not None:
        yield _Payment.paid_on <= wanted.paid_to
    if wanted.customer_id is not None:
        yield _Invoice.customer == wanted.customer_id
    if wanted.method:
        yield _Payment.method == wanted.method
    if not wanted.with_voided:
        yield _Payment.voided_at.is_null()
    if wanted.invoice_ids is not None:
        yield _Payment.invoice.in_(sorted(wanted.invoice_ids))


def _holds(text: str, cents: int | None) -> Expression:
    """Find a payment with all that were recorded together with it: their sum is what stands on the bank statement."""
    places = (_Invoice.number, _Payment.reference, _Payment.note, _Customer.name, _Customer.code)
    found = [place.contains(text) for place in places]
    batch_key = _Payment.batch_key
    if cents is not None:
        found.append(_Payment.amount_cents == cents)
    together = [batch_key.in_(_joined(batch_key).where(reduce(or_, found), _IS_TOGETHER))]
    if cents is not None:
        sums = _Payment.select(batch_key).where(_IS_TOGETHER).group_by(batch_key)
        together.append(batch_key.in_(sums.having(fn.SUM(_Payment.amount_cents) == cents)))
    return reduce(or_, [*found, *together])
