"""Turnover: what was invoiced and what was collected, day by day in one currency, and added up over periods."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from app.domain.periods import first_of_month, last_of_month


@dataclass(frozen=True, slots=True)
class Turnover:
    """What was invoiced and collected on one day; refunds are taken off, and what is void was never invoiced."""

    currency: str
    day: date
    invoiced_cents: int
    collected_cents: int


@dataclass(frozen=True, slots=True)
class Month:
    """What was invoiced and collected in one month."""

    first: date
    last: date
    invoiced_cents: int
    collected_cents: int


def invoiced(days: Iterable[Turnover], first: date, last: date) -> int:
    """Return what was invoiced from one day to another, both included."""
    return sum(one.invoiced_cents for one in days if first <= one.day <= last)


def collected(days: Iterable[Turnover], first: date, last: date) -> int:
    """Return what was collected from one day to another, both included."""
    return sum(one.collected_cents for one in days if first <= one.day <= last)


def by_month(days: Sequence[Turnover], months: Iterable[date], until: date) -> list[Month]:
    """Return the sums of months, named by their first days; the last may end before the month does."""
    sums = {month: [0, 0] for month in months}
    for one in days:
        found = sums.get(first_of_month(one.day))
        if found and one.day <= until:
            found[0] += one.invoiced_cents
            found[1] += one.collected_cents
    return [Month(month, min(last_of_month(month), until), *cents) for month, cents in sums.items()]
