"""A login counts until it expires, is revoked, or its user is kept out."""

import sqlite3
from datetime import timedelta

import pytest
from support.records import a_user

from app.store import logins, users


@pytest.fixture
def user(database):
    return a_user()


@pytest.fixture
def login(user, now):
    logins.start(user.id, "jti-1", now, now + timedelta(hours=12))
    return logins.find_active("jti-1", now)


def test_a_login_knows_its_user(login, user):
    assert login.user == user


def test_a_login_has_ended_at_the_moment_it_expires(login, now):
    assert logins.find_active("jti-1", now + timedelta(hours=11, minutes=59)) is not None
    assert logins.find_active("jti-1", now + timedelta(hours=12)) is None


def test_a_revoked_login_is_not_active(login, now):
    logins.revoke("jti-1", now)

    assert logins.find_active("jti-1", now) is None


def test_a_deactivated_user_has_no_active_login(login, user, now):
    users.set_active(user.id, active=False)

    assert logins.find_active("jti-1", now) is None


def test_all_logins_of_a_user_are_revoked_at_once_and_nobody_elses(login, user, now):
    other = a_user("bob@example.com")
    logins.start(user.id, "jti-2", now, now + timedelta(hours=12))
    logins.start(other.id, "jti-3", now, now + timedelta(hours=12))

    logins.revoke_all_of(user.id, now)

    assert logins.find_active("jti-1", now) is None
    assert logins.find_active("jti-2", now) is None
    assert logins.find_active("jti-3", now) is not None


def test_being_seen_is_noted_at_most_once_a_minute(login, now):
    logins.touch(login, now + timedelta(seconds=59))
    assert logins.find_active("jti-1", now).last_seen_at == now

    logins.touch(login, now + timedelta(seconds=60))
    assert logins.find_active("jti-1", now).last_seen_at == now + timedelta(seconds=60)


def test_a_page_does_not_wait_for_an_import_to_note_that_it_was_seen(sqlite, now):
    user = a_user()
    logins.start(user.id, "jti", now, now + timedelta(hours=1))
    login = logins.find_active("jti", now)
    somebody_else = sqlite3.connect(sqlite.database, isolation_level=None)
    somebody_else.execute("BEGIN IMMEDIATE")

    logins.touch(login, now + timedelta(minutes=5))

    somebody_else.execute("ROLLBACK")
    somebody_else.close()
    assert logins.find_active("jti", now).last_seen_at == now
