"""Users are changed by admins, on record, and never so that nobody administers."""

from datetime import timedelta

import pytest
from support.at_once import all_at_once
from support.records import a_customer, a_user

from app.actions import api_tokens as token_actions
from app.actions import passwords
from app.actions import users as user_actions
from app.actions.users import LastAdminError, UserFacts
from app.domain.permissions import API_RIGHTS, EVERYTHING, Role, Scope
from app.store.access import api_tokens, audit_entries, logins, one_time_links, users
from app.store.access.api_tokens import TokenFacts
from app.store.access.logins import NewLogin
from app.store.access.one_time_links import Purpose

SOME = Scope(ledgers=frozenset({"2025"}))


@pytest.fixture
def ann(database):
    return a_user("ann@example.com", Role.ADMIN, "Ann")


@pytest.fixture
def bob(ann):
    return a_user("bob@example.com", Role.ACCOUNTANT, "Bob")


def test_who_is_invited_has_a_role_and_a_scope_and_no_password(ann, now):
    eve = user_actions.invite("Eve@example.com", UserFacts("Eve", Role.VIEWER, SOME), ann, now)

    assert (eve.email, eve.role, eve.scope, eve.active) == ("eve@example.com", Role.VIEWER, SOME, True)
    assert not users.has_password(eve.id)


def test_an_address_that_is_taken_is_not_invited(ann, now):
    with pytest.raises(users.EmailTakenError):
        user_actions.invite("ANN@example.com", UserFacts("Ann", Role.VIEWER), ann, now)


def test_a_change_of_rights_is_on_record_with_what_was_before(ann, bob, now):
    user_actions.change(bob.id, UserFacts("Bob", Role.VIEWER, SOME), ann, now)

    (entry,) = audit_entries.of_subject(f"user:{bob.id}")
    assert (entry.actor, entry.action) == ("Ann", "user.edited")
    assert entry.before == {"role": "accountant", "sees": "everything", "ledgers": []}
    assert entry.after == {"role": "viewer", "sees": "", "ledgers": ["2025"]}


def test_what_is_not_different_is_not_on_record(ann, bob, now):
    assert not user_actions.change(bob.id, UserFacts("Bob", Role.ACCOUNTANT), ann, now)
    assert audit_entries.of_subject(f"user:{bob.id}") == []


def test_the_last_admin_cannot_be_made_something_else(ann, bob, now):
    with pytest.raises(LastAdminError):
        user_actions.change(ann.id, UserFacts("Ann", Role.VIEWER), ann, now)

    assert users.get(ann.id).role is Role.ADMIN


def test_the_last_admin_cannot_be_narrowed(ann, now):
    with pytest.raises(LastAdminError):
        user_actions.change(ann.id, UserFacts("Ann", Role.ADMIN, SOME), ann, now)

    assert users.get(ann.id).scope == EVERYTHING


def test_the_last_admin_cannot_be_kept_out(ann, bob, now):
    with pytest.raises(LastAdminError):
        user_actions.deactivate(ann.id, ann, now)

    assert users.get(ann.id).active


def test_an_admin_who_may_not_sign_in_does_not_count(ann, now):
    other = a_user("other@example.com", Role.ADMIN, "Other")
    user_actions.deactivate(other.id, ann, now)

    with pytest.raises(LastAdminError):
        user_actions.deactivate(ann.id, ann, now)


def test_one_of_two_admins_can_be_kept_out(ann, now):
    other = a_user("other@example.com", Role.ADMIN, "Other")

    user_actions.deactivate(ann.id, other, now)

    assert not users.get(ann.id).active


def test_two_admins_who_remove_one_another_at_once_leave_one(ann, now):
    other = a_user("other@example.com", Role.ADMIN, "Other")

    raised = all_at_once(
        lambda: user_actions.deactivate(ann.id, other, now), lambda: user_actions.deactivate(other.id, ann, now)
    )

    assert [type(error) for error in raised] == [LastAdminError]
    assert [user.active for user in users.all_users()].count(True) == 1


def test_who_is_kept_out_is_signed_out_at_once(ann, bob, now):
    logins.start(bob.id, NewLogin("jti", now + timedelta(hours=1)), now)

    user_actions.deactivate(bob.id, ann, now)

    assert logins.find_active("jti", now) is None


def test_who_is_let_in_again_has_to_sign_in_anew(ann, bob, now):
    logins.start(bob.id, NewLogin("jti", now + timedelta(hours=1)), now)
    user_actions.deactivate(bob.id, ann, now)

    user_actions.activate(bob.id, ann, now)

    assert users.get(bob.id).active
    assert logins.find_active("jti", now) is None


def test_neither_token_nor_link_outlives_being_kept_out(ann, bob, now):
    token = token_actions.create(TokenFacts("n8n", API_RIGHTS, None), bob, now)
    link = passwords.make_link(bob.id, Purpose.RESET, ann, now)

    user_actions.deactivate(bob.id, ann, now)
    user_actions.activate(bob.id, ann, now)

    assert api_tokens.find_active(token, now) is None
    assert one_time_links.find(link, now) is None


def test_what_was_made_while_somebody_was_kept_out_does_not_count_afterwards(ann, bob, now):
    user_actions.deactivate(bob.id, ann, now)
    token = token_actions.create(TokenFacts("n8n", API_RIGHTS, None), bob, now)
    link = passwords.make_link(bob.id, Purpose.RESET, ann, now)

    user_actions.activate(bob.id, ann, now)

    assert api_tokens.find_active(token, now) is None
    assert one_time_links.find(link, now) is None


def test_the_tokens_of_others_outlive_somebody_who_is_kept_out(ann, bob, now):
    token = token_actions.create(TokenFacts("n8n", API_RIGHTS, None), ann, now)

    user_actions.deactivate(bob.id, ann, now)

    assert api_tokens.find_active(token, now)


def test_a_token_that_ends_with_its_user_is_on_record(ann, bob, now):
    token_actions.create(TokenFacts("n8n", API_RIGHTS, None), bob, now)

    user_actions.deactivate(bob.id, ann, now)

    entry = audit_entries.of_subject("token:1")[0]
    assert (entry.actor, entry.action, entry.after) == ("Ann", "token.revoked", {"name": "n8n"})


def test_keeping_out_and_letting_in_are_on_record_once(ann, bob, now):
    for _ in range(2):
        user_actions.deactivate(bob.id, ann, now)
    for _ in range(2):
        user_actions.activate(bob.id, ann, now)

    assert [entry.action for entry in audit_entries.of_subject(f"user:{bob.id}")] == [
        "user.activated",
        "user.deactivated",
    ]


def test_a_change_counts_for_a_login_that_exists(ann, bob, now):
    logins.start(bob.id, NewLogin("jti", now + timedelta(hours=1)), now)

    user_actions.change(bob.id, UserFacts("Bob", Role.VIEWER, Scope(frozenset({a_customer().id}))), ann, now)

    found = logins.find_active("jti", now).user
    assert (found.role, len(found.scope.customers)) == (Role.VIEWER, 1)


def test_somebody_who_is_not_there_cannot_be_changed(ann, now):
    with pytest.raises(LookupError):
        user_actions.change(999, UserFacts("", Role.VIEWER), ann, now)
