"""Ageing: outstanding balances on a day by how late they are, one report per currency."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from app.domain.invoice import days_late


class Bucket(StrEnum):
    """How many days late a balance is; an upper limit belongs to its bucket (30 days late is in 1-30)."""

    NOT_DUE = "not_due"
    TO_30 = "1-30"
    TO_60 = "31-60"
    TO_90 = "61-90"
    OVER_90 = "over_90"


# The first and the last day late of each bucket; None where it has no end.
DAYS_LATE: Mapping[Bucket, tuple[int | None, int | None]] = {
    Bucket.NOT_DUE: (None, 0),
    Bucket.TO_30: (1, 30),
    Bucket.TO_60: (31, 60),
    Bucket.TO_90: (61, 90),
    Bucket.OVER_90: (91, None),
}


BUCKET_NAMES: Mapping[Bucket, str] = {
    Bucket.NOT_DUE: "Not yet due",
    Bucket.TO_30: "1–30 days late",
    Bucket.TO_60: "31–60 days late",
    Bucket.TO_90: "61–90 days late",
    Bucket.OVER_90: "Over 90 days late",
}


@dataclass(frozen=True, slots=True)
class Balances:
    """The totals of all invoices in scope that share a currency and a due date."""

    currency: str
    due_on: date
    open_invoices: int
    open_cents: int
    credit_cents: int


@dataclass(frozen=True, slots=True)
class Ageing:
    """What is outstanding in one currency on a day; the buckets (in cents) add up to `outstanding_cents`."""

    as_of: date
    currency: str
    open_invoices: int
    outstanding_cents: int
    overdue_invoices: int
    credit_cents: int
    buckets: dict[Bucket, int]

    @property
    def overdue_cents(self) -> int:
        return self.outstanding_cents - self.buckets[Bucket.NOT_DUE]


def bucket(days: int) -> Bucket:
    return next(name for name, (_, last) in DAYS_LATE.items() if last is None or days <= last)


def ageing_by_currency(balances: Iterable[Balances], day: date) -> list[Ageing]:
    """Return one report per currency that has balances, sorted by currency code."""
    groups: dict[str, list[Balances]] = defaultdict(list)
    for row in balances:
        groups[row.currency].append(row)
    return [_ageing(currency, groups[currency], day) for currency in sorted(groups)]


def nothing_owed(currency: str, day: date) -> Ageing:
    return _ageing(currency, [], day)


def _ageing(currency: str, rows: list[Balances], day: date) -> Ageing:
    buckets = dict.fromkeys(DAYS_LATE, 0)
    for row in rows:
        buckets[bucket(days_late(row.due_on, day))] += row.open_cents
    return Ageing(
        as_of=day,
        currency=currency,
        open_invoices=sum(row.open_invoices for row in rows),
        outstanding_cents=sum(buckets.values()),
        overdue_invoices=sum(row.open_invoices for row in rows if days_late(row.due_on, day) > 0),
        credit_cents=sum(row.credit_cents for row in rows),
        buckets=buckets,
    )
