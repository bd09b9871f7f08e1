"""Turnover: what was invoiced and collected, added up by the database."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from typing import Any

from peewee import Expression, fn

from app.domain.as_of import AsOf
from app.domain.turnover import Turnover
from app.store.db.cached import remembered
from app.store.db.tables import Invoice, Payment
from app.store.ledger.partition_totals import Sums, Within, of_customer, part_of, summed
from app.store.ledger.receivables import has_seen


@remembered
def by_day(as_of: AsOf, since: date, customer_id: int | None = None) -> tuple[Turnover, ...]:
    """Return what was invoiced and collected on each day since the one given, of all customers or of one.

    An invoice counts when it was neither a draft nor void at the end of the day asked about: written off, it was still
    sold. A payment counts whatever became of its invoice: the money came in.
    """
    if customer_id is None:
        return _merged(_invoiced(as_of, since), _collected(as_of, since))
    own = of_customer(customer_id)
    return _merged(_plain(_invoiced_rows(own, as_of, since)), _plain(_collected_rows(own, as_of, since)))


def invoiced_by_customer(as_of: AsOf, since: date) -> Mapping[tuple[int, str], int]:
    """Return what each customer was invoiced in each currency since the day."""
    return {(customer, currency): cents for (customer, currency), (cents,) in _invoiced_to(as_of, since).items()}


@summed(columns=2)
def _invoiced(within: Within, as_of: AsOf, since: date) -> Any:
    return _invoiced_rows(within, as_of, since)


@summed(columns=2)
def _collected(within: Within, as_of: AsOf, since: date) -> Any:
    return _collected_rows(within, as_of, since)


@summed(columns=2)
def _invoiced_to(within: Within, as_of: AsOf, since: date) -> Any:
    part = part_of(Invoice.id)
    return (
        Invoice.select(part, Invoice.customer, Invoice.currency, fn.SUM(Invoice.total_cents))
        .where(within(Invoice.id), _was_sold(as_of), Invoice.issued_on >= since)
        .group_by(part, Invoice.customer, Invoice.currency)
        .tuples()
    )


def _invoiced_rows(within: Within, as_of: AsOf, since: date) -> Any:
    part = part_of(Invoice.id)
    return (
        Invoice.select(part, Invoice.currency, Invoice.issued_on, fn.SUM(Invoice.total_cents))
        .where(within(Invoice.id), _was_sold(as_of), Invoice.issued_on >= since)
        .group_by(part, Invoice.currency, Invoice.issued_on)
        .tuples()
    )


def _collected_rows(within: Within, as_of: AsOf, since: date) -> Any:
    part = part_of(Payment.invoice)
    counts = Payment.voided_at.is_null() | (Payment.voided_at >= as_of.ended_at)
    return (
        Payment.select(part, Invoice.currency, Payment.paid_on, fn.SUM(Payment.amount_cents))
        .join(Invoice)
        .where(
            within(Payment.invoice), within(Invoice.id), Payment.paid_on >= since, Payment.paid_on <= as_of.day, counts
        )
        .group_by(part, Invoice.currency, Payment.paid_on)
        .tuples()
    )


def _plain(rows: Any) -> dict[tuple[str, date], tuple[int]]:
    sums: dict[tuple[str, date], int] = defaultdict(int)
    for _, currency, day, cents in rows:
        sums[currency, day] += int(cents)
    return {key: (cents,) for key, cents in sums.items()}


def _merged(invoiced: Sums, collected: Sums) -> tuple[Turnover, ...]:
    nothing = (0,)
    return tuple(
        Turnover(currency, day, *invoiced.get((currency, day), nothing), *collected.get((currency, day), nothing))
        for currency, day in sorted(invoiced.keys() | collected.keys())
    )


def _was_sold(as_of: AsOf) -> Expression:
    sold: Expression = (
        (Invoice.issued_on <= as_of.day)
        & (Invoice.draft == False)  # noqa: E712  # SQL, not Python
        & ~has_seen(Invoice.voided_at, as_of)
    )
    return sold
