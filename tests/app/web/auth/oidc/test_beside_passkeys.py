"""Users whom a provider signs in and who have a passkey, a password or neither here as well."""

import pytest
from support.authenticator import Authenticator
from support.browser import PASSWORD, QUICK_HASH, Browser
from support.oidc_answers import Answers, answering, come_back, settings_with_provider
from support.records import a_user

from app.domain.permissions import Role
from app.store.access import audit_entries, passkeys, users
from app.store.access.audit_entries import AuditFilter
from app.store.db import tables
from app.web.application import build

PAGE = "/account/passkeys"


@pytest.fixture
def answers(monkeypatch, clock):
    return answering(Answers(clock), monkeypatch)


@pytest.fixture
def settings(tmp_path):
    return settings_with_provider(tmp_path)


@pytest.fixture
def by_provider(stranger, user, answers):
    """The browser of a user whom the provider signed in."""
    come_back(stranger, answers)
    return stranger


def step_up(clock):
    tables.LoginModel.update(stepped_up_at=clock()).execute()


def register(browser, clock):
    """Register a passkey in the browser, and return its authenticator."""
    step_up(clock)
    made, sent = Authenticator().created(browser.get(f"{PAGE}/new").json)
    browser.post(PAGE, {"csrf_token": browser.csrf_token(), "name": "Laptop", "passkey": sent}, status=303)
    clock.advance(seconds=1)
    return made


def sign_in_by_passkey(browser, authenticator):
    token = browser.get("/sign-in").forms[0]["csrf_token"].value
    sent = authenticator.used(browser.get("/sign-in/passkey").json)
    return browser.post("/sign-in/passkey", {"csrf_token": token, "passkey": sent}, expect_errors=True)


def test_the_provider_is_still_asked_after_a_passkey_was_added(by_provider, answers, clock):
    register(by_provider, clock)
    answers.is_away = True

    clock.advance(minutes=29)
    assert by_provider.get("/").status_int == 200
    clock.advance(minutes=29)
    assert by_provider.get("/").status_int == 200
    clock.advance(minutes=2)

    assert by_provider.get("/").location.endswith("/sign-in")


def test_the_provider_is_still_asked_after_a_password_was_changed(by_provider, answers, clock):
    new = {"current": PASSWORD, "password": "a long enough secret", "password_again": "a long enough secret"}
    by_provider.post("/account/password", {"csrf_token": by_provider.csrf_token(), **new}, status=303)
    answers.claims = {"sub": "somebody-else"}
    clock.advance(minutes=10)

    assert by_provider.get("/").location.endswith("/sign-in")


def test_a_passkey_is_a_step_up_where_the_provider_signed_its_user_in(by_provider, clock):
    made = register(by_provider, clock)
    clock.advance(minutes=9)
    form = {"csrf_token": by_provider.csrf_token(), "passkey": made.used(by_provider.get(f"{PAGE}/step-up").json)}

    assert "Or by the provider:" in by_provider.get(PAGE).text
    assert by_provider.post(f"{PAGE}/begin", form).status_int == 303
    assert "step_up.passed" in {entry.action for entry in audit_entries.matching(AuditFilter(), 9)}


def test_the_only_passkey_can_be_removed_where_the_provider_is_another_way_in(by_provider, user, clock):
    users.set_password_hash(user.id, users.HASH_OF_NONE)
    register(by_provider, clock)
    assert "This is your only passkey." not in by_provider.get(PAGE).text
    step_up(clock)

    by_provider.post(f"{PAGE}/1/remove", {"csrf_token": by_provider.csrf_token()}, status=303)

    assert passkeys.of_user(user.id) == []


def test_an_account_at_a_provider_that_is_not_asked_any_more_is_no_way_in(by_provider, user, clock):
    users.set_password_hash(user.id, users.HASH_OF_NONE)
    register(by_provider, clock)
    users.set_provider_account(user.id, ("https://before.example.com", "ann-1"))
    step_up(clock)

    by_provider.post(f"{PAGE}/1/remove", {"csrf_token": by_provider.csrf_token()}, status=409)

    assert len(passkeys.of_user(user.id)) == 1


def test_a_user_without_a_password_is_offered_no_form_that_asks_for_it(by_provider, user):
    before = by_provider.get("/account").text
    users.set_password_hash(user.id, users.HASH_OF_NONE)

    page = by_provider.get("/account").text

    assert "Change the password" in before
    assert "Change the password" not in page
    assert "Two-step sign-in" not in page
    assert "Add a" in page


@pytest.fixture
def eve(settings, sqlite, clock):
    """A viewer who had a password and a passkey before the provider became the only way in for viewers."""
    a_user("eve@example.com", Role.VIEWER, "Eve", QUICK_HASH)
    browser = Browser(build(settings.model_copy(update={"oidc_only": frozenset()}), clock))
    browser.sign_in("eve@example.com")
    return register(browser, clock)


def test_a_passkey_does_not_sign_in_who_has_to_use_the_provider(stranger, eve):
    page = sign_in_by_passkey(stranger, eve)

    assert page.status_int == 422
    assert "This passkey does not sign you in: please try again, or sign in another way." in page.text
    assert "session" not in stranger.cookies
    refused = audit_entries.matching(AuditFilter(action="session.refused"), 9)
    assert [entry.after["reason"] for entry in refused] == ["a passkey where the provider is asked"]


def test_who_has_to_use_the_provider_is_shown_no_way_in_of_ours(stranger, answers, eve):
    answers.claims = {"sub": "eve-1", "email": "eve@example.com"}
    come_back(stranger, answers)

    page = stranger.get("/account").text

    assert "You sign in by Example Ltd: how you do that is changed there." in page
    assert "Change the password" not in page
    assert PAGE not in page
    for path in (PAGE, f"{PAGE}/new", "/account/second-factor"):
        assert stranger.get(path, expect_errors=True).status_int == 403
    for path in (PAGE, f"{PAGE}/begin", f"{PAGE}/1/remove"):
        assert stranger.post(path, {"csrf_token": stranger.csrf_token()}, expect_errors=True).status_int == 403
