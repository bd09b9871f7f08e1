"""Users are found however their address is capitalised."""

import pytest
from support.records import a_user

from app.domain.permissions import Role
from app.store.access import users
from app.store.access.users import EmailTakenError


def test_a_user_is_found_by_address_in_any_capitalisation(database):
    user = a_user("Ann@Example.com", Role.VIEWER)

    found = users.find_by_email(" ANN@example.COM ")

    assert found == user
    assert found.email == "ann@example.com"
    assert found.role is Role.VIEWER


def test_an_unknown_address_finds_nobody(database):
    assert users.find_by_email("nobody@example.com") is None


def test_an_address_in_use_is_refused_in_one_sentence(database, now):
    a_user("ann@example.com")

    with pytest.raises(EmailTakenError, match=r"^There is already a user with the e-mail address ann@example.com\.$"):
        users.create("ANN@example.com", "Other", Role.VIEWER, "-", now)

    assert len(users.all_users()) == 1


def test_a_password_is_kept_as_the_hash_given(database):
    user = a_user(password_hash="first")

    users.set_password_hash(user.id, "second")

    assert users.password_hash_of(user.id) == "second"


def test_a_user_is_got_by_id(database):
    user = a_user()

    assert users.get(user.id) == user
    assert users.get(user.id + 1) is None


def test_users_come_in_the_order_of_their_addresses(database):
    a_user("bob@example.com")
    a_user("ann@example.com")

    assert [user.email for user in users.all_users()] == ["ann@example.com", "bob@example.com"]
