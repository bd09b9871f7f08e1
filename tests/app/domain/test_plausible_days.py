"""Days that nobody means are told from those that somebody may mean."""

from datetime import date

import pytest

from app.domain.plausible_days import is_far_ahead, why_not_plausible
from app.domain.sentences import plain


@pytest.mark.parametrize("day", [date(1950, 1, 1), date(2026, 3, 2), date(2100, 12, 31)])
def test_a_day_of_a_business_can_be_right(day):
    assert why_not_plausible(day) == ""


@pytest.mark.parametrize("day", [date(1949, 12, 31), date(2101, 1, 1)])
def test_a_day_of_another_age_is_a_slip(day):
    assert plain(why_not_plausible(day)) == f"{day.isoformat()} is too far from today to be right: correct the day."


def test_more_than_a_month_is_far_ahead():
    assert [is_far_ahead(date(2026, 4, day), date(2026, 3, 2)) for day in (2, 3)] == [False, True]
