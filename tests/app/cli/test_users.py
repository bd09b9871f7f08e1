"""`invoices create-user, reset-password, reset-link, reset-second-factor`: what only who runs the site may do."""

import json
import os
from functools import partial

import pytest
from support import command_line
from support.records import a_passkey, a_user

from app import clock
from app.actions import api_tokens as token_actions
from app.actions import passwords, second_factors
from app.domain.permissions import Role, TokenRight
from app.store.access import api_tokens, audit_entries, one_time_links, second_factor, users
from app.store.access.api_tokens import TokenFacts
from app.store.access.one_time_links import Purpose
from app.store.db import tables


@pytest.fixture
def invoices(sqlite, tmp_path):
    """Run a command beside the open database."""
    environment = {**os.environ, "DATABASE_URL": f"sqlite:///{sqlite.database}", "DATA_DIR": str(tmp_path)}
    environment["PUBLIC_URL"] = "https://invoices.example"

    return partial(command_line.run, environment)


def test_a_link_is_printed_by_which_the_user_chooses_a_password(invoices, sqlite):
    user = a_user("ann@example.com")

    said = invoices("reset-link", "--email", "ann@example.com").stdout

    address, token = said.strip().split("?token=")
    assert address == "https://invoices.example/set-password"
    assert one_time_links.use(token, Purpose.RESET, clock.utc_now()) == user.id


def test_nobody_gets_a_link_who_is_no_user(invoices):
    refused = invoices("reset-link", "--email", "eve@example.com")

    assert (refused.returncode, refused.stderr) == (1, "There is no user eve@example.com.\n")


@pytest.fixture
def invoices_with_provider(sqlite, tmp_path):
    """Run a command where viewers sign in by a provider only."""
    provider = {"OIDC_ISSUER": "https://login.example.com", "OIDC_CLIENT_ID": "invoices", "OIDC_ONLY": "viewer"}
    environment = {**os.environ, "DATABASE_URL": f"sqlite:///{sqlite.database}", "DATA_DIR": str(tmp_path), **provider}

    return partial(command_line.run, environment)


def test_a_user_who_signs_in_by_the_provider_only_is_added_without_a_password(invoices_with_provider):
    added = invoices_with_provider("create-user", "--email", "eve@example.com", "--role", "viewer")

    assert added.stdout == "eve@example.com can sign in by login.example.com as viewer.\n"
    assert not users.has_password(users.find_by_email("eve@example.com").id)


@pytest.mark.parametrize("command", ["reset-password", "reset-link"])
def test_no_password_is_given_to_who_signs_in_by_the_provider_only(invoices_with_provider, command):
    a_user("eve@example.com", Role.VIEWER)

    refused = invoices_with_provider(command, "--email", "eve@example.com")

    assert refused.returncode == 1
    assert refused.stderr.strip() == (
        "OIDC_ONLY names the role viewer: eve@example.com signs in by login.example.com and needs no password."
    )
    assert tables.OneTimeLinkModel.select().count() == 0


def test_a_lost_second_step_is_taken_away(invoices, now, sqlite):
    user = a_user("ann@example.com")
    second_factors.enable(user, "SECRET", 1, [], now)

    said = invoices("reset-second-factor", "--email", "ann@example.com").stdout

    assert said == "ann@example.com has no second factor and no passkeys any more, and is signed out everywhere.\n"
    assert second_factor.enabled_users() == set()


def test_a_lost_passkey_is_taken_away_with_the_second_step(invoices):
    user = a_user("ann@example.com")
    a_passkey(user)

    invoices("reset-second-factor", "--email", "ann@example.com")

    assert not users.get(user.id).has_second_factor


def test_a_new_password_says_which_passkeys_still_sign_in(invoices):
    a_passkey(a_user("ann@example.com"))

    said = invoices("reset-password", "--email", "ann@example.com").stdout

    assert "1 passkey still signs the user in: remove it with `invoices reset-second-factor`." in said


def test_a_password_that_will_not_do_is_refused(invoices):
    refused = invoices(
        "create-user", "--email", "ann.smith@example.com", "--role", "viewer", "--password-stdin", says="ann.smith-2026"
    )

    assert refused.returncode == 1
    assert refused.stderr.startswith("This password is little more than your name")


def test_a_password_that_was_reset_is_recorded_and_voids_links(invoices, sqlite, now):
    user = a_user("ann@example.com")
    token = passwords.make_link(user.id, Purpose.INVITE, None, clock.utc_now())

    invoices("reset-password", "--email", "ann@example.com", "--password-stdin", says="seven green umbrellas")

    assert users.has_password(user.id)
    assert one_time_links.find(token, clock.utc_now()) is None
    assert audit_entries.of_subject(f"user:{user.id}")[0].action == "password.changed"


def test_a_password_that_was_reset_ends_tokens_and_says_so(invoices, sqlite, now):
    user = a_user("ann@example.com")
    token = token_actions.create(TokenFacts("n8n", frozenset({TokenRight.READ}), None), user, now)

    said = invoices("reset-password", "--email", "ann@example.com", "--password-stdin", says="seven green umbrellas")

    assert said.stdout == (
        "ann@example.com has a new password and is signed out everywhere.\n"
        "1 token that a program used no longer counts: make a new one with `invoices create-token`.\n"
    )
    assert api_tokens.find_active(token, now) is None


def test_a_second_step_that_was_taken_away_leaves_tokens_and_says_so(invoices, sqlite, now):
    user = a_user("ann@example.com")
    second_factors.enable(user, "SECRET", 1, [], now)
    token_actions.create(TokenFacts("n8n", frozenset({TokenRight.READ}), None), user, now)

    said = invoices("reset-second-factor", "--email", "ann@example.com").stdout

    assert "1 token still counts: `invoices reset-password` revokes tokens as well.\n" in said


def test_who_is_added_is_on_record(invoices, sqlite):
    invoices("create-user", "--email", "eve@example.com", "--role", "viewer")

    (entry,) = audit_entries.of_subject(f"user:{users.find_by_email('eve@example.com').id}")
    assert (entry.action, entry.actor, entry.after["role"]) == ("user.created", "", "viewer")


def test_users_are_listed_for_programs(invoices, sqlite):
    assert json.loads(invoices("users", "--json").stdout) == []

    invoices("create-user", "--email", "eve@example.com", "--role", "viewer", "--name", "Eve")

    assert json.loads(invoices("users", "--json").stdout) == [
        {"email": "eve@example.com", "name": "Eve", "role": "viewer", "active": True}
    ]
