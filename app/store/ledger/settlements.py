"""Settlement dates of invoices: `app.domain.settlement.settled_on` as SQL."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from typing import Any

from peewee import SQL, Case, fn

from app.domain.as_of import AsOf
from app.domain.periods import days_up_to
from app.domain.settlement import WINDOW_DAYS, DaysToPay
from app.store.db.cache import cached
from app.store.db.database import days_between
from app.store.db.tables import InvoiceModel, PaymentModel
from app.store.ledger.partition_totals import PartitionFilter, of_customer, partition, totals_by_partition
from app.store.ledger.receivables import Position, is_for_good, payment_counts

_LARGE = 1_000_000
_FACTS = (
    InvoiceModel.id, InvoiceModel.customer, InvoiceModel.currency, InvoiceModel.issued_on, InvoiceModel.due_on,
    InvoiceModel.total_cents,
)  # fmt: skip


def days_to_pay(as_of: AsOf, days: int = WINDOW_DAYS) -> list[DaysToPay]:
    """Return, by currency, those of the invoices settled in the `days` days up to the day."""
    found = sorted(_days_to_pay(as_of, days, for_good=is_for_good(as_of)).items())
    return [
        DaysToPay(currency, count, taken, cents, large * _LARGE + small)
        for (currency,), (count, taken, cents, large, small) in found
    ]


def counts_by_days_late(as_of: AsOf, days: int) -> Mapping[tuple[int, str, int], int]:
    """Count the invoices settled in the last `days` days, by customer id, currency and days late."""
    found = _days_late(as_of, days, for_good=is_for_good(as_of))
    return {key: count for key, (count,) in found.items()}


@cached
def counts_of_customer(customer_id: int, as_of: AsOf, days: int) -> tuple[tuple[int, int], ...]:
    """Return pairs of days late and number of invoices, of those settled in the last `days` days."""
    counts: dict[int, int] = defaultdict(int)
    for _, _, _, late, count in _days_late_rows(of_customer(customer_id), as_of, days, for_good=is_for_good(as_of)):
        counts[int(late)] += count
    return tuple(sorted(counts.items()))


@totals_by_partition(columns=1)
def _days_to_pay(within: PartitionFilter, as_of: AsOf, days: int, *, for_good: bool) -> Any:
    settled = _settled(as_of, days_up_to(as_of.day, days), within, for_good=for_good)
    taken = days_between(settled.c.settled_on, settled.c.issued_on)
    part = partition(settled.c.id)
    # Sum days times cents in two parts: for large, old amounts the product would exceed 64 bits.
    large = settled.c.total_cents / SQL(str(_LARGE))
    return (
        settled.select_from(
            part,
            settled.c.currency,
            fn.COUNT(settled.c.id),
            fn.SUM(taken),
            fn.SUM(settled.c.total_cents),
            fn.SUM(taken * large),
            fn.SUM(taken * (settled.c.total_cents - large * SQL(str(_LARGE)))),
        )
        .group_by(part, settled.c.currency)
        .tuples()
    )


def _days_late_rows(within: PartitionFilter, as_of: AsOf, days: int, *, for_good: bool) -> Any:
    settled = _settled(as_of, days_up_to(as_of.day, days), within, for_good=for_good)
    late = days_between(settled.c.settled_on, settled.c.due_on)
    part = partition(settled.c.id)
    return (
        settled.select_from(part, settled.c.customer_id, settled.c.currency, late, fn.COUNT(settled.c.id))
        .group_by(part, settled.c.customer_id, settled.c.currency, late)
        .tuples()
    )


_days_late = totals_by_partition(columns=3)(_days_late_rows)


def _settled(as_of: AsOf, since: date, within: PartitionFilter, *, for_good: bool) -> Any:
    """Select the invoices settled on `since` or later, up to the end of the `as_of` day.

    Nearly all are paid in full, to a balance of exactly zero, and so are settled on the date of their latest payment.
    The payment history is computed only for the others: overpaid, refunded or paid in advance.
    """
    return (
        _plainly_settled(as_of, since, within, for_good=for_good)
        .union_all(_oddly_settled(as_of, since, within, for_good=for_good))
        .alias("settled")
    )


def _plainly_settled(as_of: AsOf, since: date, within: PartitionFilter, *, for_good: bool) -> Any:
    position, recent = Position(as_of, within, for_good=for_good), _paid_since(as_of, since, within)
    settled_on = _later_of(InvoiceModel.issued_on, recent.c.latest).alias("settled_on")
    return (
        _exactly_settled(position, within, *_FACTS, settled_on)
        .join_from(InvoiceModel, recent, on=(recent.c.invoice_id == InvoiceModel.id))
        .where(recent.c.least > 0)
    )


def _oddly_settled(as_of: AsOf, since: date, within: PartitionFilter, *, for_good: bool) -> Any:
    line = PaymentModel.alias("line")
    paid = fn.SUM(line.amount_cents).over(partition_by=[line.invoice], order_by=[line.paid_on])
    history = (
        line.select(line.invoice.alias("invoice_id"), line.paid_on.alias("paid_on"), paid.alias("paid_cents"))
        .where(payment_counts(line, as_of), line.invoice.in_(_odd(as_of, since, within, for_good=for_good)))
        .alias("history")
    )
    from_then_on = fn.MIN(history.c.paid_cents).over(
        partition_by=[history.c.invoice_id], order_by=[history.c.paid_on.desc()]
    )
    steady = history.select_from(history.c.invoice_id, history.c.paid_on, from_then_on.alias("least_cents")).alias(
        "steady"
    )
    settled_on = _later_of(InvoiceModel.issued_on, fn.MIN(steady.c.paid_on))
    return (
        InvoiceModel.select(*_FACTS, settled_on.alias("settled_on"))
        .join_from(InvoiceModel, steady, on=(steady.c.invoice_id == InvoiceModel.id))
        .where(steady.c.least_cents >= InvoiceModel.total_cents)
        .group_by(*_FACTS)
        .having(settled_on >= since)
    )


def _odd(as_of: AsOf, since: date, within: PartitionFilter, *, for_good: bool) -> Any:
    """Select the ids of invoices that `_plainly_settled` cannot date: overpaid, refunded or paid in advance."""
    payment = PaymentModel.alias("recent")
    recent = payment.select(payment.invoice).where(
        within(payment.invoice), payment_counts(payment, as_of), payment.paid_on >= since
    )
    # Three queries: a single one with OR could use none of the indexes.
    overpaid, refunded, in_advance = (Position(as_of, within, for_good=for_good) for _ in range(3))
    return (
        overpaid.joined(InvoiceModel.select(InvoiceModel.id))
        .where(within(InvoiceModel.id), overpaid.has_credit, InvoiceModel.total_cents > 0)
        .union_all(
            _exactly_settled(refunded, within, InvoiceModel.id).where(
                InvoiceModel.id.in_(recent.where(payment.amount_cents <= 0))
            )
        )
        .union_all(
            _exactly_settled(in_advance, within, InvoiceModel.id).where(
                InvoiceModel.issued_on >= since, ~fn.EXISTS(recent.where(payment.invoice == InvoiceModel.id))
            )
        )
    )


def _exactly_settled(position: Position, within: PartitionFilter, *columns: Any) -> Any:
    return position.joined(InvoiceModel.select(*columns)).where(
        within(InvoiceModel.id), position.is_in_scope, InvoiceModel.total_cents > 0, position.left_cents == 0
    )


def _paid_since(as_of: AsOf, since: date, within: PartitionFilter) -> Any:
    """Select, by invoice, the latest date and the smallest amount of the payments made on `since` or later."""
    payment = PaymentModel.alias("recent")
    return (
        payment.select(
            payment.invoice.alias("invoice_id"),
            fn.MAX(payment.paid_on).alias("latest"),
            fn.MIN(payment.amount_cents).alias("least"),
        )
        .where(within(payment.invoice), payment_counts(payment, as_of), payment.paid_on >= since)
        .group_by(payment.invoice)
        .alias("paid_since")
    )


def _later_of(one: Any, other: Any) -> Any:
    return Case(None, [(one > other, one)], other)
