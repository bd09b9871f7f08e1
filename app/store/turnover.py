"""Turnover: what was invoiced and collected, added up by the database."""

from collections import defaultdict
from datetime import date
from typing import Any

from peewee import Expression, fn

from app.domain.as_of import AsOf
from app.domain.turnover import Turnover
from app.store.receivables import has_seen
from app.store.remembered import remembered
from app.store.tables import Invoice, Payment


@remembered
def by_day(as_of: AsOf, since: date, customer_id: int | None = None) -> tuple[Turnover, ...]:
    """Return what was invoiced and collected on each day since the one given, of all customers or of one.

    An invoice counts when it was neither a draft nor void at the end of the day asked about: written off, it was still
    sold. A payment counts whatever became of its invoice: the money came in.
    """
    sums: dict[tuple[str, date], list[int]] = defaultdict(lambda: [0, 0])
    for currency, day, cents in _invoiced_by_day(as_of, since, customer_id):
        sums[currency, day][0] += int(cents)
    for currency, day, cents in _collected_by_day(as_of, since, customer_id):
        sums[currency, day][1] += int(cents)
    return tuple(Turnover(*key, *cents) for key, cents in sorted(sums.items()))


@remembered
def invoiced_by_customer(as_of: AsOf, since: date) -> tuple[tuple[int, str, int], ...]:
    """Return what each customer was invoiced since the day: customer, currency, cents."""
    rows: Any = (
        Invoice.select(Invoice.customer, Invoice.currency, fn.SUM(Invoice.total_cents))
        .where(_was_sold(as_of), Invoice.issued_on >= since)
        .group_by(Invoice.customer, Invoice.currency)
        .tuples()
    )
    return tuple((customer, currency, int(cents)) for customer, currency, cents in rows)


def _invoiced_by_day(as_of: AsOf, since: date, customer_id: int | None) -> Any:
    rows = Invoice.select(Invoice.currency, Invoice.issued_on, fn.SUM(Invoice.total_cents)).where(
        _was_sold(as_of), Invoice.issued_on >= since
    )
    if customer_id is not None:
        rows = rows.where(Invoice.customer == customer_id)
    return rows.group_by(Invoice.currency, Invoice.issued_on).tuples()


def _collected_by_day(as_of: AsOf, since: date, customer_id: int | None) -> Any:
    counts = Payment.voided_at.is_null() | (Payment.voided_at >= as_of.ended_at)
    rows = (
        Payment.select(Invoice.currency, Payment.paid_on, fn.SUM(Payment.amount_cents))
        .join(Invoice)
        .where(Payment.paid_on >= since, Payment.paid_on <= as_of.day, counts)
    )
    if customer_id is not None:
        rows = rows.where(Invoice.customer == customer_id)
    return rows.group_by(Invoice.currency, Payment.paid_on).tuples()


def _was_sold(as_of: AsOf) -> Expression:
    sold: Expression = (
        (Invoice.issued_on <= as_of.day)
        & (Invoice.draft == False)  # noqa: E712  # SQL, not Python
        & ~has_seen(Invoice.voided_at, as_of)
    )
    return sold
