"""Waits grow, and end."""

from datetime import timedelta

import pytest

from app.domain.throttling import wait_after


@pytest.mark.parametrize(
    ("attempts", "minutes"), [(0, 0), (1, 0), (5, 0), (6, 1), (7, 2), (8, 4), (9, 8), (10, 15), (11, 15), (10_000, 15)]
)
def test_a_wait_grows_with_each_attempt_beyond_the_free_ones_to_a_quarter_of_an_hour(attempts, minutes):
    assert wait_after(attempts, free=5) == timedelta(minutes=minutes)
