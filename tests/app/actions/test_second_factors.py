"""A code counts once, a recovery code too, and whoever loses the second factor is signed out."""

from datetime import timedelta

import pytest
from support.at_once import all_at_once
from support.records import a_user

from app.actions import second_factors
from app.store.access import audit_entries, logins, second_factor
from app.store.access.logins import NewLogin
from app.store.db import database as store_database
from app.store.db import tables

CODES = ["AAAA-BBBB", "CCCC-DDDD"]


@pytest.fixture
def user(database, now):
    found = a_user()
    second_factors.enable(found, "SECRET", 100, CODES, now)
    return found


def test_a_second_factor_has_a_secret_and_recovery_codes(user):
    assert second_factor.secret_of(user.id) == "SECRET"
    assert second_factor.recovery_codes_left(user.id) == 2
    assert second_factor.enabled_users() == {user.id}


def test_a_user_has_no_second_factor_at_first(database):
    user = a_user()

    assert second_factor.secret_of(user.id) is None
    assert second_factor.enabled_users() == set()


def test_the_code_that_confirmed_it_is_used(user):
    assert not second_factor.accept_step(user.id, 100)
    assert second_factor.accept_step(user.id, 101)


def test_a_step_counts_once_and_none_before_it_afterwards(user):
    assert second_factor.accept_step(user.id, 102)
    assert not second_factor.accept_step(user.id, 102)
    assert not second_factor.accept_step(user.id, 101)


def test_of_two_who_send_a_code_at_once_one_succeeds(database_url, now):
    opened = store_database.open_database(database_url)
    with store_database.connection():
        user = a_user()
        second_factors.enable(user, "SECRET", 100, [], now)
    accepted = []

    def send():
        accepted.append(second_factor.accept_step(user.id, 101))

    assert all_at_once(send, send, send) == []
    assert sorted(accepted) == [False, False, True]
    getattr(opened, "close_all", opened.close)()


def test_a_recovery_code_counts_once(user):
    assert second_factor.accept_recovery_code(user.id, "AAAA-BBBB")
    assert not second_factor.accept_recovery_code(user.id, "AAAA-BBBB")
    assert second_factor.recovery_codes_left(user.id) == 1


def test_a_recovery_code_is_its_users_alone(user):
    bob = a_user("bob@example.com")

    assert not second_factor.accept_recovery_code(bob.id, "AAAA-BBBB")
    assert second_factor.recovery_codes_left(user.id) == 2


def test_new_recovery_codes_void_the_old_ones(user, now):
    second_factors.renew_recovery_codes(user, ["EEEE-FFFF"], now)

    assert not second_factor.accept_recovery_code(user.id, "CCCC-DDDD")
    assert second_factor.accept_recovery_code(user.id, "EEEE-FFFF")


def test_no_recovery_code_is_kept_as_it_is_typed(user):
    kept = str(list(tables.RecoveryCodeModel.select().dicts()))

    assert "AAAA" not in kept
    assert len(tables.RecoveryCodeModel.select().first().code_hash) == 64


def test_without_the_second_factor_nothing_of_it_is_left_and_the_user_is_signed_out(user, now):
    logins.start(user.id, NewLogin("jti", now + timedelta(hours=1)), now)
    bob = a_user("bob@example.com", name="Bob")

    second_factors.reset(user.id, bob, now)

    assert second_factor.secret_of(user.id) is None
    assert second_factor.recovery_codes_left(user.id) == 0
    assert tables.LoginModel.get().revoked_at == now
    assert audit_entries.of_subject(f"user:{user.id}")[0].actor == "Bob"


def test_nothing_secret_is_recorded(user, now):
    second_factors.renew_recovery_codes(user, ["EEEE-FFFF"], now)

    recorded = str(audit_entries.of_subject(f"user:{user.id}"))
    assert "recovery_codes.renewed" in recorded
    assert "SECRET" not in recorded
    assert "EEEE" not in recorded
