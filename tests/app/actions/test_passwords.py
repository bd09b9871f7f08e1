from datetime import timedelta

from support.records import a_user

from app.actions import api_tokens as token_actions
from app.actions import passwords
from app.domain.permissions import API_RIGHTS
from app.store.access import api_tokens, one_time_links, users
from app.store.access.api_tokens import TokenFacts
from app.store.access.one_time_links import Purpose
from app.store.db import tables


def test_a_changed_password_ends_all_sessions_voids_links_and_is_audited(database, now):
    user = a_user("ann@example.com")
    tables.LoginModel.create(
        jti="j", user=user.id, created_at=now, last_seen_at=now, expires_at=now + timedelta(hours=1)
    )
    token = passwords.make_link(user.id, Purpose.RESET, None, now)

    passwords.change(user, "new hash", None, now)

    assert users.password_hash_of(user.id) == "new hash"
    assert tables.LoginModel.get().revoked_at == now
    assert one_time_links.find(token, now) is None
    assert [entry.action for entry in tables.AuditEntryModel.select()] == ["link.made", "password.changed"]


def test_a_link_sets_one_password_and_no_second_one(database, now):
    user = a_user("ann@example.com")
    token = passwords.make_link(user.id, Purpose.RESET, None, now)
    link = one_time_links.find(token, now)

    assert passwords.change_by_link(token, link, "first hash", now) == 0
    assert passwords.change_by_link(token, link, "second hash", now) is None
    assert users.password_hash_of(user.id) == "first hash"


def a_token(user, now):
    return token_actions.create(TokenFacts("n8n", API_RIGHTS, now + timedelta(days=30)), user, now)


def test_who_changes_the_own_password_keeps_the_tokens(database, now):
    user = a_user("ann@example.com")
    token = a_token(user, now)

    passwords.change(user, "new hash", user, now)

    assert api_tokens.find_active(token, now)


def test_a_password_by_a_link_ends_the_tokens_that_count_and_says_how_many(database, now):
    user = a_user("ann@example.com")
    tokens = [a_token(user, now), a_token(user, now)]
    token_actions.revoke(1, user, now)
    link_token = passwords.make_link(user.id, Purpose.RESET, None, now)

    assert passwords.change_by_link(link_token, one_time_links.find(link_token, now), "new hash", now) == 1
    assert [api_tokens.find_active(token, now) for token in tokens] == [None, None]


def test_a_password_by_an_operator_ends_the_tokens_and_says_how_many(database, now):
    user = a_user("ann@example.com")
    token = a_token(user, now)

    assert passwords.reset(user, "new hash", now) == 1
    assert api_tokens.find_active(token, now) is None
