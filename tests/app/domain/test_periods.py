"""Months and days are counted back from a day."""

from datetime import date

import pytest

from app.domain.periods import Period, days_up_to, first_of_month, last_of_month, month_before, months_up_to


@pytest.mark.parametrize(
    ("day", "before"),
    [
        (date(2026, 3, 2), date(2026, 2, 2)),
        (date(2026, 3, 31), date(2026, 2, 28)),
        (date(2024, 3, 30), date(2024, 2, 29)),
        (date(2026, 1, 15), date(2025, 12, 15)),
    ],
)
def test_a_month_ago_is_the_same_day_or_the_last_that_the_month_has(day, before):
    assert month_before(day) == before


def test_a_month_has_a_first_and_a_last_day():
    assert first_of_month(date(2026, 2, 14)) == date(2026, 2, 1)
    assert last_of_month(date(2026, 2, 14)) == date(2026, 2, 28)


def test_months_are_counted_over_the_turn_of_the_year():
    assert months_up_to(date(2026, 2, 14), 3) == [date(2025, 12, 1), date(2026, 1, 1), date(2026, 2, 1)]


def test_ninety_days_up_to_a_day_hold_the_day_itself():
    assert days_up_to(date(2026, 3, 31), 90) == date(2026, 1, 1)


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        (Period.THIS_MONTH, date(2026, 1, 1), date(2026, 1, 31)),
        (Period.LAST_MONTH, date(2025, 12, 1), date(2025, 12, 31)),
        (Period.THIS_YEAR, date(2026, 1, 1), date(2026, 12, 31)),
        (Period.LAST_YEAR, date(2025, 1, 1), date(2025, 12, 31)),
    ],
)
def test_a_calendar_period_has_a_first_and_a_last_day(period, first, last):
    assert period.bounds(date(2026, 1, 15)) == (first, last)
