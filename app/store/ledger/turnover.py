"""Turnover: amounts invoiced and collected, summed by the database."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from typing import Any

from peewee import fn

from app.domain.as_of import AsOf
from app.domain.turnover import Turnover
from app.store.db.cache import cached
from app.store.db.tables import InvoiceModel, PaymentModel
from app.store.ledger.partition_totals import PartitionFilter, Sums, of_customer, partition, totals_by_partition
from app.store.ledger.receivables import payment_counts, was_sold


@cached
def by_day(as_of: AsOf, since: date, customer_id: int | None = None) -> tuple[Turnover, ...]:
    """Return the amounts invoiced and collected per currency and day since `since`, for all customers or one.

    An invoice counts unless it was a draft or void at the end of the day; a written-off one was still a sale. A
    payment counts regardless of its invoice's state: the money was received.
    """
    if customer_id is None:
        return _merged(_invoiced(as_of, since), _collected(as_of, since))
    own = of_customer(customer_id)
    return _merged(_plain(_invoiced_rows(own, as_of, since)), _plain(_collected_rows(own, as_of, since)))


def invoiced_by_customer(as_of: AsOf, since: date) -> Mapping[tuple[int, str], int]:
    """Return cents by customer id and currency."""
    return {(customer, currency): cents for (customer, currency), (cents,) in _invoiced_to(as_of, since).items()}


@totals_by_partition(columns=2)
def _invoiced_to(within: PartitionFilter, as_of: AsOf, since: date) -> Any:
    return _sold_by(InvoiceModel.customer, InvoiceModel.currency, within, as_of, since)


def _invoiced_rows(within: PartitionFilter, as_of: AsOf, since: date) -> Any:
    return _sold_by(InvoiceModel.currency, InvoiceModel.issued_on, within, as_of, since)


def _sold_by(first: Any, second: Any, within: PartitionFilter, as_of: AsOf, since: date) -> Any:
    key = (partition(InvoiceModel.id), first, second)
    sold = (within(InvoiceModel.id), was_sold(as_of), InvoiceModel.issued_on >= since)
    return InvoiceModel.select(*key, fn.SUM(InvoiceModel.total_cents)).where(*sold).group_by(*key).tuples()


def _collected_rows(within: PartitionFilter, as_of: AsOf, since: date) -> Any:
    part = partition(PaymentModel.invoice)
    return (
        PaymentModel.select(part, InvoiceModel.currency, PaymentModel.paid_on, fn.SUM(PaymentModel.amount_cents))
        .join(InvoiceModel)
        .where(
            within(PaymentModel.invoice),
            within(InvoiceModel.id),
            PaymentModel.paid_on >= since,
            payment_counts(PaymentModel, as_of),
        )
        .group_by(part, InvoiceModel.currency, PaymentModel.paid_on)
        .tuples()
    )


_invoiced = totals_by_partition(columns=2)(_invoiced_rows)
_collected = totals_by_partition(columns=2)(_collected_rows)


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
