"""Cents are exact, and read the way people write them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.money import LARGEST_CENTS, cents_from_decimal, decimal_string, display, has_fractions_of_a_cent


@pytest.mark.parametrize(
    ("cents", "expected"),
    [(0, "0.00"), (5, "0.05"), (-5, "-0.05"), (123_456_789, "1,234,567.89"), (-100_000, "-1,000.00")],
)
def test_an_amount_is_shown_with_thousands_and_two_decimals(cents, expected):
    assert display(cents) == expected


@given(st.integers(-(10**15), 10**15))
def test_an_exchanged_amount_comes_back_as_it_went(cents):
    assert cents_from_decimal(Decimal(decimal_string(cents))) == cents


@pytest.mark.parametrize(("amount", "cents"), [("0.005", 1), ("-0.005", -1), ("0.0049", 0), ("1.115", 112)])
def test_halves_of_a_cent_are_rounded_away_from_zero(amount, cents):
    assert cents_from_decimal(Decimal(amount)) == cents


def test_the_noise_of_a_float_is_no_fraction_of_a_cent():
    assert not has_fractions_of_a_cent(Decimal("19.990000000000002"))
    assert has_fractions_of_a_cent(Decimal("19.995"))


def test_as_many_records_as_ten_largest_workbooks_have_can_be_added_up_by_a_database():
    rows = 250_000

    assert LARGEST_CENTS == 9_999_999_999_99
    assert 10 * rows * LARGEST_CENTS < 2**63
