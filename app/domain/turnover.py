"""Turnover: amounts invoiced and collected per day and currency, and their sums over periods."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from app.domain.periods import first_of_month, last_of_month


@dataclass(frozen=True, slots=True)
class Turnover:
    """On one day in one currency: cents invoiced (without void invoices) and collected (less refunds)."""

    currency: str
    day: date
    invoiced_cents: int
    collected_cents: int


@dataclass(frozen=True, slots=True)
class Month:
    first: date
    last: date
    invoiced_cents: int
    collected_cents: int


def invoiced(days: Iterable[Turnover], first: date, last: date) -> int:
    return sum(one.invoiced_cents for one in days if first <= one.day <= last)


def collected(days: Iterable[Turnover], first: date, last: date) -> int:
    return sum(one.collected_cents for one in days if first <= one.day <= last)


def by_month(days: Sequence[Turnover], months: Iterable[date], until: date) -> list[Month]:
    """Take each month by its first day; days after `until` are left out."""
    sums = {month: [0, 0] for month in months}
    for one in days:
        found = sums.get(first_of_month(one.day))
        if found and one.day <= until:
            found[0] += one.invoiced_cents
            found[1] += one.collected_cents
    return [Month(month, min(last_of_month(month), until), *cents) for month, cents in sums.items()]
