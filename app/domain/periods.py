"""Periods: months and days counted back from a day."""

from calendar import monthrange
from datetime import date, timedelta


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
