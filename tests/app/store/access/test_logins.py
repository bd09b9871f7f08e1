"""A login counts until it expires, is revoked, or its user is deactivated."""

import sqlite3
from datetime import timedelta

import pytest
from support.records import a_user

from app.store.access import logins, second_factor, users
from app.store.access.logins import NewLogin, SignedIn


@pytest.fixture
def user(database):
    return a_user()


@pytest.fixture
def login(user, now):
    logins.start(user.id, NewLogin("jti-1", now + timedelta(hours=12)), now)
    return logins.find_active("jti-1", now)


def test_a_login_knows_its_user(login, user):
    assert login.user == user


def test_a_login_has_ended_at_the_moment_it_expires(login, now):
    logins.touch(login, now + timedelta(hours=11, minutes=59))

    assert logins.find_active("jti-1", now + timedelta(hours=11, minutes=59)) is not None
    assert logins.find_active("jti-1", now + timedelta(hours=12)) is None


def test_a_login_ends_when_nobody_was_seen_for_so_long(login, now):
    idle = timedelta(minutes=10)

    assert logins.find_active("jti-1", now + timedelta(minutes=9, seconds=59), idle) is not None
    assert logins.find_active("jti-1", now + timedelta(minutes=10), idle) is None


def test_being_seen_keeps_a_login_from_being_idle(login, now):
    idle = timedelta(minutes=10)

    logins.touch(login, now + timedelta(minutes=9))

    assert logins.find_active("jti-1", now + timedelta(minutes=18), idle) is not None
    assert logins.find_active("jti-1", now + timedelta(minutes=19), idle) is None


def test_a_revoked_login_is_not_active(login, now):
    logins.revoke("jti-1", now)

    assert logins.find_active("jti-1", now) is None


def test_a_deactivated_user_has_no_active_login(login, user, now):
    users.set_active(user.id, active=False)

    assert logins.find_active("jti-1", now) is None


def test_all_logins_of_a_user_are_revoked_at_once_and_nobody_elses(login, user, now):
    other = a_user("bob@example.com")
    logins.start(user.id, NewLogin("jti-2", now + timedelta(hours=12)), now)
    logins.start(other.id, NewLogin("jti-3", now + timedelta(hours=12)), now)

    logins.revoke_all_of(user.id, now)

    assert logins.find_active("jti-1", now) is None
    assert logins.find_active("jti-2", now) is None
    assert logins.find_active("jti-3", now) is not None


def test_a_user_sees_where_they_are_signed_in_the_latest_first(user, now):
    hour, idle = timedelta(hours=1), timedelta(minutes=30)
    a_minute_ago, an_hour_ago = now - timedelta(minutes=1), now - hour
    logins.start(user.id, NewLogin("first", now + hour, address="192.0.2.1", user_agent="Firefox"), a_minute_ago)
    logins.start(user.id, NewLogin("second", now + hour, address="192.0.2.2", user_agent="x" * 300), now)
    logins.start(user.id, NewLogin("idle", now + hour), an_hour_ago)
    logins.start(user.id, NewLogin("expired", now), a_minute_ago)
    logins.start(user.id, NewLogin("revoked", now + hour), now)
    logins.revoke("revoked", now)
    logins.start(a_user("bob@example.com").id, NewLogin("of bob", now + hour), now)

    second, first = logins.of_user(user.id, now, idle)

    assert first == SignedIn(1, a_minute_ago, a_minute_ago, "192.0.2.1", "Firefox")
    assert (second.address, second.user_agent) == ("192.0.2.2", "x" * 200)


def test_a_user_signs_one_browser_out_and_none_of_others(login, user, now):
    other = a_user("bob@example.com")

    assert not logins.revoke_one_of(other.id, login.id, now)
    assert logins.revoke_one_of(user.id, login.id, now)
    assert not logins.revoke_one_of(user.id, login.id, now)
    assert logins.find_active("jti-1", now) is None


def test_a_user_signs_all_browsers_out_but_this(login, user, now):
    logins.start(user.id, NewLogin("jti-2", now + timedelta(hours=1)), now)
    logins.start(a_user("bob@example.com").id, NewLogin("of bob", now + timedelta(hours=1)), now)

    assert logins.revoke_others_of(login, now) == 1
    assert logins.find_active("jti-1", now) is not None
    assert logins.find_active("jti-2", now) is None
    assert logins.find_active("of bob", now) is not None


def test_it_is_known_for_some_months_where_a_user_signed_in(user, now):
    logins.start(user.id, NewLogin("jti", now + timedelta(hours=1), address="192.0.2.1"), now)

    assert logins.was_at(" ANN@example.com", "192.0.2.1", now)
    assert not logins.was_at("ann@example.com", "192.0.2.2", now)
    assert not logins.was_at("bob@example.com", "192.0.2.1", now)
    assert not logins.was_at("ann@example.com", "192.0.2.1", now + timedelta(days=90))


def test_a_login_knows_whether_its_user_has_a_second_factor(login, user, now):
    second_factor.set_secret(user.id, "SECRET", 1)

    assert not login.user.has_second_factor
    assert logins.find_active("jti-1", now).user.has_second_factor


def test_a_step_up_counts_for_ten_minutes_in_its_login(login, user, now):
    logins.start(user.id, NewLogin("jti-2", now + timedelta(hours=12)), now)

    logins.step_up(login, now)

    assert logins.find_active("jti-1", now).has_stepped_up(now + timedelta(minutes=9, seconds=59))
    assert not logins.find_active("jti-1", now).has_stepped_up(now + timedelta(minutes=10))
    assert not logins.find_active("jti-2", now).has_stepped_up(now)


def test_being_seen_is_noted_at_most_once_a_minute(login, now):
    logins.touch(login, now + timedelta(seconds=59))
    assert logins.find_active("jti-1", now).last_seen_at == now

    logins.touch(login, now + timedelta(seconds=60))
    assert logins.find_active("jti-1", now).last_seen_at == now + timedelta(seconds=60)


def test_a_page_does_not_wait_for_an_import_to_note_that_it_was_seen(sqlite, now):
    user = a_user()
    logins.start(user.id, NewLogin("jti", now + timedelta(hours=1)), now)
    login = logins.find_active("jti", now)
    somebody_else = sqlite3.connect(sqlite.database, isolation_level=None)
    somebody_else.execute("BEGIN IMMEDIATE")

    logins.touch(login, now + timedelta(minutes=5))

    somebody_else.execute("ROLLBACK")
    somebody_else.close()
    assert logins.find_active("jti", now).last_seen_at == now
