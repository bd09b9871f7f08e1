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
from app.store.db.tables import CustomerModel, InvoiceModel
from app.store.ledger import columns

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
    rows = _lines(wanted).order_by(tables.PaymentModel.paid_on.desc(), tables.PaymentModel.id.desc())
    return [_line(row) for row in (rows.paginate(page, length) if length else rows).tuples()]


def following(wanted: PaymentFilter, after_id: int, length: int) -> list[PaymentLine]:
    """Return the next `length` matching payments with an id above `after_id`, by id (keyset pagination)."""
    rows = _lines(wanted).where(tables.PaymentModel.id > after_id).order_by(tables.PaymentModel.id).limit(length)
    return [_line(row) for row in rows.tuples()]


def of_ids(payment_ids: Collection[int]) -> list[PaymentLine]:
    """Return them by id, voided ones included."""
    rows = _lines(PaymentFilter(with_voided=True)).where(tables.PaymentModel.id.in_(sorted(payment_ids)))
    return [_line(row) for row in rows.order_by(tables.PaymentModel.id).tuples()]


@cached
def methods() -> tuple[str, ...]:
    """Return the distinct methods of the latest thousand payments, sorted: the suggestions in a form."""
    payment = tables.PaymentModel
    latest = payment.select(payment.method).order_by(payment.id.desc()).limit(_LATEST).alias("latest")
    rows: Any = latest.select_from(latest.c.method).distinct().tuples()
    return tuple(sorted(method for (method,) in rows if method))


@cached
def totals(wanted: PaymentFilter) -> tuple[PaymentTotals, ...]:
    counted = fn.SUM(tables.PaymentModel.amount_cents).filter(tables.PaymentModel.voided_at.is_null())
    rows = (
        _joined(InvoiceModel.currency, fn.COUNT(tables.PaymentModel.id), fn.COALESCE(counted, 0))
        .where(_matches(wanted))
        .group_by(InvoiceModel.currency)
        .order_by(InvoiceModel.currency)
    )
    return tuple(PaymentTotals(currency, int(count), int(cents)) for currency, count, cents in rows.tuples())


def _lines(wanted: PaymentFilter) -> Any:
    further = (InvoiceModel.number, InvoiceModel.currency, CustomerModel.id, CustomerModel.code, CustomerModel.name)
    return _joined(*columns.PAYMENT, *further).where(_matches(wanted))


def _line(row: tuple[Any, ...]) -> PaymentLine:
    payment, further = columns.payment_of(row)
    return PaymentLine(payment, *further)


def _joined(*columns: Any) -> Any:
    return tables.PaymentModel.select(*columns).join(InvoiceModel).join(CustomerModel)


def _matches(wanted: PaymentFilter) -> Expression:
    return reduce(and_, _conditions(wanted), tables.PaymentModel.id > 0)


def _conditions(wanted: PaymentFilter) -> Iterator[Any]:
    payment = tables.PaymentModel
    if wanted.text:
        places = (InvoiceModel.number, payment.reference, payment.note, CustomerModel.name, CustomerModel.code)
        found = [place.contains(wanted.text) for place in places]
        if wanted.text_cents is not None:
            found.append(payment.amount_cents == wanted.text_cents)
        yield reduce(or_, found)
    if wanted.paid_from is not None:
        yield payment.paid_on >= wanted.paid_from
    if wanted.paid_to is not None:
        yield payment.paid_on <= wanted.paid_to
    if wanted.customer_id is not None:
        yield InvoiceModel.customer == wanted.customer_id
    if wanted.method:
        yield payment.method == wanted.method
    if not wanted.with_voided:
        yield payment.voided_at.is_null()
    if wanted.invoice_ids is not None:
        yield payment.invoice.in_(sorted(wanted.invoice_ids))
