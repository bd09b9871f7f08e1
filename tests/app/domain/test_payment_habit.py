"""A habit is told from at least five settled invoices; late means that most of them were."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.payment_habit import Expectation, PaymentHabit, average_days_late, habit


def test_fewer_than_five_settled_invoices_say_nothing():
    assert habit({}) is None
    assert habit({40: 4}) is None


def test_a_habit_is_the_middle_of_all_and_how_many_were_late():
    assert habit(Counter([-3, 0, 5, 8, 12, 14, 15, 20, 90])) == PaymentHabit(
        settled=9, late=7, median_days_late=12, lower_quartile=5, upper_quartile=15
    )


@pytest.mark.parametrize(
    ("days", "expectation"),
    [
        ([1, 1, 1, 1, 1], "likely late"),
        ([-2, 3, 4, 5, 6], "likely late"),  # four of five were late
        ([-2, 0, 4, 5, 6], "sometimes late"),
        ([-9, -1, 0, 40, 40], "on time"),
        ([0, 0, 0, 0, 0], "on time"),
        ([-30, -20, -10, -5, 60, 60], "on time"),
    ],
)
def test_who_was_late_in_three_of_four_is_likely_to_be_late_again(days, expectation):
    found = habit(Counter(days))

    assert found.expectation is Expectation(expectation)
    assert found.is_likely_late is (expectation == "likely late")


def test_early_payments_are_negative_days_in_the_average():
    assert average_days_late({-10: 1, 5: 3}) == 1
    assert average_days_late({}) is None


@given(st.lists(st.integers(-100, 200), min_size=5))
def test_half_of_the_invoices_lie_between_the_quartiles(days):
    found = habit(Counter(days))

    assert found.lower_quartile <= found.median_days_late <= found.upper_quartile
    assert 2 * sum(found.lower_quartile <= one <= found.upper_quartile for one in days) >= len(days)
    assert not found.is_likely_late or 4 * found.late > 3 * (len(days) - 1)
