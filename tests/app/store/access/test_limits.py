"""Limits that are counted in Redis, and what holds while it is away."""

import time
from datetime import timedelta

import pytest
from support.records import a_user
from support.redis_server import running_redis

from app.domain.permissions import API_RIGHTS
from app.store.access import api_tokens, limits
from app.store.access.api_tokens import TokenFacts
from app.store.access.limits import DatabaseTokenUses, open_limits
from app.store.access.throttles import DatabaseThrottles, Throttled
from app.store.db.tables import ApiTokenModel, ThrottleModel

ANN = Throttled("account ann", free=2)


@pytest.fixture
def server():
    with running_redis() as running:
        yield running


@pytest.fixture
def opened(server, sqlite, monkeypatch):
    """Limits in Redis, which is asked again at once after it was away."""
    monkeypatch.setattr(limits, "_SECONDS_BEFORE_ASKING_AGAIN", 0)
    return open_limits(server.url)


@pytest.fixture
def token(sqlite, now):
    return api_tokens.add(a_user().id, TokenFacts("n8n", API_RIGHTS, None), "secret", now)


def attempts(throttles, now, count):
    """Say of so many attempts whether each was let through."""
    return [throttles.attempt([ANN], now) is None for _ in range(count)]


def test_without_redis_everything_is_counted_in_the_database():
    opened = open_limits()

    assert (type(opened.throttles), type(opened.token_uses)) == (DatabaseThrottles, DatabaseTokenUses)


def test_what_is_counted_in_redis_writes_no_throttle_into_the_database(opened, now):
    assert attempts(opened.throttles, now, 4) == [True, True, True, False]

    assert ThrottleModel.select().count() == 0


def test_two_processes_count_together(opened, server, now):
    other = open_limits(server.url)

    assert attempts(opened.throttles, now, 2) + attempts(other.throttles, now, 2) == [True, True, True, False]


def test_while_redis_is_away_attempts_are_limited_by_the_database(opened, server, now):
    server.stop()

    assert attempts(opened.throttles, now, 5) == [True, True, True, False, False]
    assert ThrottleModel.get().attempts == 3


def test_when_redis_is_back_its_waits_hold_as_before(opened, server, now):
    attempts(opened.throttles, now, 3)
    server.stop()
    attempts(opened.throttles, now, 1)
    server.start()

    assert attempts(opened.throttles, now, 1) == [False]


def test_a_redis_that_comes_and_goes_gives_no_attempt_more_than_both_together(opened, server, now):
    let_through = 0
    for _ in range(3):
        let_through += sum(attempts(opened.throttles, now, 5))
        server.stop()
        let_through += sum(attempts(opened.throttles, now, 5))
        server.start()

    assert let_through == 6


def test_who_signed_in_while_redis_was_away_waits_no_longer_than_redis_says(opened, server, now):
    attempts(opened.throttles, now, 3)
    server.stop()
    opened.throttles.succeeded([ANN.name], [])
    server.start()

    assert attempts(opened.throttles, now, 1) == [False]
    assert attempts(opened.throttles, now + timedelta(minutes=1), 1) == [True]


def test_a_redis_without_room_for_a_count_is_as_good_as_none(sqlite, now):
    with running_redis("--maxmemory", "1", "--maxmemory-policy", "noeviction") as full:
        assert attempts(open_limits(full.url).throttles, now, 4) == [True, True, True, False]

    assert ThrottleModel.get().attempts == 3


def test_a_redis_that_is_away_is_not_asked_for_each_attempt(server, sqlite, now):
    opened = open_limits(server.url)
    server.stop()
    attempts(opened.throttles, now, 1)
    server.start()

    attempts(opened.throttles, now, 1)

    assert ThrottleModel.get().attempts == 2


def test_a_redis_that_hangs_costs_an_attempt_seconds_at_most(server, sqlite, now):
    opened = open_limits(server.url)
    server.freeze()
    begun = time.monotonic()

    assert attempts(opened.throttles, now, 1) == [True]
    assert time.monotonic() - begun < 5


def test_uses_of_a_token_are_counted_in_redis_by_the_minute(opened, token, now):
    assert [opened.token_uses.count(token, now) for _ in range(3)] == [1, 2, 3]
    assert opened.token_uses.count(token, now + timedelta(minutes=1)) == 1
    assert ApiTokenModel.get_by_id(token).uses_in_minute == 0


def test_the_last_use_of_a_token_is_known_to_the_minute(opened, token, now):
    opened.token_uses.count(token, now)
    opened.token_uses.count(token, now + timedelta(seconds=10))

    assert api_tokens.get(token).last_used_at == now


def test_while_redis_is_away_the_uses_of_a_token_are_counted_in_the_database(opened, server, token, now):
    opened.token_uses.count(token, now)
    server.stop()

    assert [opened.token_uses.count(token, now) for _ in range(3)] == [1, 2, 3]
