"""Lists and totals of payments, filtered, counted and summed by the database."""

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
class PaymentTotals:
    """In one currency: `payments` counts all that match, `amount_cents` leaves voided ones out."""

    currency: str
    payments: int
    amount_cents: int


def matching(wanted: PaymentFilter, *, page: int = 1, length: int | None = PAGE_LENGTH) -> list[PaymentLine]:
    """Return one page of the matching payments, newest first; all of them if `length` is None."""
    rows = _lines(wanted).order_by(_Payment.paid_on.desc(), _Payment.id.desc())
    return [_line(row) for row in (rows.paginate(page, length) if length else rows).tuples()]


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
    rows = (
        _joined(_Invoice.currency, fn.COUNT(_Payment.id), fn.COALESCE(counted, 0))
        .where(_matches(wanted))
        .group_by(_Invoice.currency)
        .order_by(_Invoice.currency)
    )
    return tuple(PaymentTotals(currency, int(count), int(cents)) for currency, count, cents in rows.tuples())


def _lines(wanted: PaymentFilter) -> Any:
    further = (_Invoice.number, _Invoice.currency, _Customer.id, _Customer.code, _Customer.name)
    return _joined(*columns.PAYMENT, *further).where(_matches(wanted))


def _line(row: tuple[Any, ...]) -> PaymentLine:
    payment, further = columns.payment_of(row)
    return PaymentLine(payment, *further)


def _joined(*columns: Any) -> Any:
    return _Payment.select(*columns).join(_Invoice).join(_Customer)


def _matches(wanted: PaymentFilter) -> Expression:
    return reduce(and_, _conditions(wanted), _Payment.id > 0)


def _conditions(wanted: PaymentFilter) -> Iterator[Any]:
    if wanted.text:
        places = (_Invoice.number, _Payment.reference, _Payment.note, _Customer.name, _Customer.code)
        found = [place.contains(wanted.text) for place in places]
        if wanted.text_cents is not None:
            found.append(_Payment.amount_cents == wanted.text_cents)
        yield reduce(or_, found)
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
