"""Tokens of programs: shown once, kept as a hash, and never for more than their user may."""

from datetime import timedelta

import pytest
from support.records import a_customer, a_user

from app.actions import api_tokens as token_actions
from app.actions.api_tokens import OutsideScopeError
from app.domain.permissions import API_RIGHTS, EVERYTHING, Right, Role, Scope, TokenRight
from app.store.access import api_tokens, users
from app.store.access.api_tokens import TokenFacts
from app.store.db import tables

ALL = API_RIGHTS


@pytest.fixture
def ann(database):
    return a_user()


@pytest.fixture
def make(ann, now):
    def made(by=None, rights=ALL, days=30, narrowed_to=EVERYTHING):
        by = by or users.get(ann.id)
        return token_actions.create(TokenFacts("n8n", rights, now + timedelta(days=days), narrowed_to), by, now)

    return made


def test_a_token_is_found_by_what_was_shown_once(make, now):
    found = api_tokens.find_active(make(), now)

    assert (found.facts.name, found.user.email, found.facts.rights) == ("n8n", "ann@example.com", ALL)


def test_a_token_begins_with_what_scanners_know_and_has_256_random_bits(make):
    token = make()

    assert token.startswith("invoices_")
    assert len(token) == len("invoices_") + 43
    assert make() != token


def test_only_the_hash_of_a_token_is_kept(make):
    token = make()

    row = tables.ApiTokenModel.select().dicts().get()
    assert len(row["token_hash"]) == 64
    assert not any(token.removeprefix("invoices_") in str(value) for value in row.values())


def test_another_token_is_not_found(make, now):
    assert api_tokens.find_active(make()[:-1] + "!", now) is None


def test_a_token_ends_with_its_last_day(make, now):
    token = make(days=1)

    assert api_tokens.find_active(token, now + timedelta(hours=23))
    assert api_tokens.find_active(token, now + timedelta(hours=24)) is None


def test_a_revoked_token_no_longer_counts(make, ann, now):
    token = make()

    assert token_actions.revoke(1, ann, now) == "n8n"
    assert api_tokens.find_active(token, now) is None


def test_a_token_ends_with_its_user(make, ann, now):
    token = make()

    users.set_active(ann.id, active=False)

    assert api_tokens.find_active(token, now) is None


def test_nobody_but_an_admin_revokes_the_token_of_another(make, ann, now):
    token = make()
    clerk = a_user("clerk@example.com", Role.ACCOUNTANT)

    with pytest.raises(LookupError, match=r"There is no such token\."):
        token_actions.revoke(1, clerk, now)
    assert api_tokens.find_active(token, now)

    token_actions.revoke(1, a_user("boss@example.com"), now)
    assert api_tokens.find_active(token, now) is None


def test_a_token_may_no_more_than_it_was_given(make, now):
    found = api_tokens.find_active(make(rights=frozenset({TokenRight.READ})), now)

    assert found.may(TokenRight.READ, Right.READ)
    assert not found.may(TokenRight.EDIT, Right.EDIT)


def test_a_token_may_no_more_than_its_user_may_today(make, ann, now):
    token = make()
    tables.UserModel.update(role="viewer").where(tables.UserModel.id == ann.id).execute()

    found = api_tokens.find_active(token, now)

    assert found.may(TokenRight.READ, Right.READ)
    assert not found.may(TokenRight.EDIT, Right.EDIT)


def test_a_token_sees_what_both_it_and_its_user_see(make, ann, now):
    narrow = Scope(ledgers=frozenset({"2025", "2026"}))
    token = make(narrowed_to=narrow)
    assert api_tokens.find_active(token, now).scope == narrow

    users.set_scope(ann.id, Scope(ledgers=frozenset({"2026", "2027"})))

    assert api_tokens.find_active(token, now).scope == Scope(ledgers=frozenset({"2026"}))


def test_a_narrowed_token_may_nothing_that_concerns_the_whole_ledger(make, now):
    found = api_tokens.find_active(make(narrowed_to=Scope(ledgers=frozenset({"2026"}))), now)

    assert not found.may(TokenRight.IMPORT, Right.IMPORT)


def test_a_token_cannot_be_made_wider_than_its_user(make, ann):
    users.set_scope(ann.id, Scope(ledgers=frozenset({"2026"})))

    with pytest.raises(OutsideScopeError, match="A token cannot see more than you do"):
        make(narrowed_to=Scope(ledgers=frozenset({"2025"})))


def test_a_token_whose_only_customer_is_gone_sees_nothing(make, now):
    customer = a_customer()
    token = make(narrowed_to=Scope(customers=frozenset({customer.id})))

    customer.delete_instance()

    assert api_tokens.find_active(token, now).scope == Scope()


def test_uses_are_counted_by_the_minute(make, now):
    make()

    assert [api_tokens.count_use(1, now) for _ in range(3)] == [1, 2, 3]
    assert api_tokens.count_use(1, now + timedelta(minutes=1)) == 1
    assert api_tokens.of_everybody()[0].last_used_at == now + timedelta(minutes=1)


def test_everybody_sees_their_own_tokens(make, ann):
    make()
    make(by=a_user("clerk@example.com"))

    assert [token.id for token in api_tokens.of_user(ann.id)] == [1]
    assert [token.id for token in api_tokens.of_everybody()] == [2, 1]


def test_making_and_revoking_a_token_is_recorded(make, ann, now):
    make()
    token_actions.revoke(1, ann, now)

    entries = tables.AuditEntryModel.select(tables.AuditEntryModel.action, tables.AuditEntryModel.subject).tuples()
    assert list(entries) == [("token.created", "token:1"), ("token.revoked", "token:1")]
