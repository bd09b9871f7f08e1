"""Whoever tries in vain has to wait, longer each time, and never for good."""

from datetime import timedelta

import pytest
import redis
from support.at_once import all_at_once
from support.redis_server import running_redis

from app.store.access.limits import RedisThrottles, open_limits
from app.store.access.throttles import DatabaseThrottles, Throttled, Wait

ANN = Throttled("account ann", free=2)
BOB = Throttled("account bob", free=2)
HERE = Throttled("address 203.0.113.7", free=4)

MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def redis_server():
    with running_redis() as server:
        yield server


@pytest.fixture(params=["database", "redis"])
def throttles(request, database):
    """The throttles of each kind; those in Redis have no database to go on in."""
    if request.param == "database":
        return DatabaseThrottles()
    server = request.getfixturevalue("redis_server")
    redis.Redis.from_url(server.url).flushall()
    return RedisThrottles(open_limits(server.url).throttles.redis, None)


def try_in_vain(throttles, counted, now, times):
    for _ in range(times):
        assert throttles.attempt(counted, now) is None


def test_a_few_attempts_in_vain_cost_nothing(throttles, now):
    try_in_vain(throttles, [ANN], now, 3)

    assert throttles.attempt([ANN], now) == Wait(now + MINUTE, is_news=True)


def test_after_the_wait_there_is_one_attempt_and_then_a_longer_wait(throttles, now):
    try_in_vain(throttles, [ANN], now, 3)
    later = now + MINUTE

    assert throttles.attempt([ANN], later) is None
    assert throttles.attempt([ANN], later).until == later + 2 * MINUTE


def test_who_asks_while_waiting_does_not_wait_longer(throttles, now):
    try_in_vain(throttles, [ANN], now, 3)
    for _ in range(50):
        throttles.attempt([ANN], now)

    assert throttles.attempt([ANN], now).until == now + MINUTE
    assert throttles.attempt([ANN], now + MINUTE) is None


def test_a_wait_is_news_once(throttles, now):
    try_in_vain(throttles, [ANN], now, 3)

    assert [throttles.attempt([ANN], now).is_news for _ in range(3)] == [True, False, False]

    throttles.attempt([ANN], now + MINUTE)
    assert throttles.attempt([ANN], now + MINUTE).is_news


def test_a_wait_is_no_news_again_from_another_address(throttles, now):
    try_in_vain(throttles, [ANN], now, 3)
    throttles.attempt([ANN, HERE], now)
    elsewhere = Throttled("address 198.51.100.9", free=4)
    throttles.attempt([elsewhere], now)

    assert not throttles.attempt([ANN, elsewhere], now).is_news


def test_an_account_that_waits_does_not_hold_up_another(throttles, now):
    try_in_vain(throttles, [ANN], now, 3)

    assert throttles.attempt([BOB], now) is None


def test_an_address_waits_for_whatever_account_it_tries(throttles, now):
    for account in (ANN, BOB, Throttled("account eve", 2), ANN, BOB):
        assert throttles.attempt([account, HERE], now) is None

    assert throttles.attempt([Throttled("account zoe", 2), HERE], now).until == now + MINUTE


def test_the_longest_of_several_waits_counts(throttles, now):
    try_in_vain(throttles, [HERE], now, 5)
    try_in_vain(throttles, [ANN], now, 3)
    throttles.attempt([ANN], now + MINUTE)

    assert throttles.attempt([ANN, HERE], now + MINUTE).until == now + 3 * MINUTE


def test_success_forgives_the_account_all_and_the_address_only_itself(throttles, now):
    try_in_vain(throttles, [ANN, HERE], now, 2)

    throttles.succeeded([ANN.name], [HERE.name])

    try_in_vain(throttles, [ANN], now, 3)
    try_in_vain(throttles, [HERE], now, 4)
    assert throttles.attempt([HERE], now) is not None


def test_after_a_day_it_is_forgotten(throttles, now):
    try_in_vain(throttles, [ANN], now, 3)

    try_in_vain(throttles, [ANN], now + timedelta(days=1), 3)


def test_of_many_attempts_at_once_only_as_many_get_through_as_may(throttles, now):
    waits = []

    def try_it():
        waits.append(throttles.attempt([ANN, HERE], now))

    assert all_at_once(*[try_it] * 8) == []
    assert waits.count(None) == 3


def test_a_success_takes_nothing_off_a_name_that_nobody_tried(throttles, now):
    throttles.succeeded([BOB.name], [HERE.name])

    try_in_vain(throttles, [HERE], now, 5)
    assert throttles.attempt([HERE], now) is not None


@pytest.mark.parametrize("name", ["account " + "a" * 64 + " 2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"])
def test_a_name_may_be_as_long_as_names_get(throttles, now, name):
    assert throttles.attempt([Throttled(name, 1)], now) is None
