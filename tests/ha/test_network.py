"""Connections to the database that fall silent, without a word, cost seconds."""

import time

import pytest
from support.silence import silenced

LONGEST_SILENCE_SECONDS = 10


@pytest.mark.usefixtures("own_network")
def test_connections_that_fall_silent_are_given_up_within_10_seconds(site, load, drill):
    begun = time.monotonic()
    with silenced(site.balancer.database_port) as connections:
        assert load.goes_on(40)
        first = load.since(begun).first_success_after(begun)

        seen = drill.end(goal=f"at most {LONGEST_SILENCE_SECONDS} s", seen=f"{connections} connections silenced")
    assert connections > 0
    assert first <= LONGEST_SILENCE_SECONDS
    assert set(seen.failures) <= {"503", "409"}
