"""Periods: months and days counted back from a day."""

from calendar import monthrange
from datetime import date, timedelta
from enum import StrEnum


class Period(StrEnum):
    """A calendar period, as seen from a day."""

    THIS_MONTH = "this month"
    LAST_MONTH = "last month"
    THIS_YEAR = "this year"
    LAST_YEAR = "last year"

    def bounds(self, day: date) -> tuple[date, date]:
        """Return its first and last day."""
        match self:
            case Period.THIS_MONTH:
                return first_of_month(day), last_of_month(day)
            case Period.LAST_MONTH:
                last = first_of_month(day) - timedelta(days=1)
                return first_of_month(last), last
            case Period.THIS_YEAR:
                return date(day.year, 1, 1), date(day.year, 12, 31)
            case Period.LAST_YEAR:
                return date(day.year - 1, 1, 1), date(day.year - 1, 12, 31)


def month_before(day: date) -> date:
    """Return the same day in the previous month, or that month's last day if it is shorter."""
    return _in_month(first_of_month(day) - timedelta(days=1), day.day)


def first_of_month(day: date) -> date:
    return day.replace(day=1)


def last_of_month(day: date) -> date:
    return _in_month(day, 31)


def months_up_to(day: date, count: int) -> list[date]:
    """Return the first days of `count` months in order, ending with the day's month."""
    months = [first_of_month(day)]
    while len(months) < count:
        months.append(first_of_month(months[-1] - timedelta(days=1)))
    return months[::-1]


def days_up_to(day: date, count: int) -> date:
    """Return the first day of a window of `count` days that ends with the day itself."""
    return day - timedelta(days=count - 1)


def _in_month(month: date, number: int) -> date:
    return month.replace(day=min(number, monthrange(month.year, month.month)[1]))
