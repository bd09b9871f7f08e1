"""Signing in by a certified OpenID Connect server, as a browser does."""

import re
from datetime import UTC, datetime

import pytest
from support.browser import Browser
from support.clock import Clock
from support.oidc_provider import Person, running_oidc_server

from app.domain.permissions import Role
from app.settings import AppSettings
from app.store.access import audit_entries, users
from app.store.db import tables
from app.web.application import build

ANN = {"email": "ann@example.com", "email_verified": True}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with running_oidc_server(
        tmp_path_factory.mktemp("oidc"), "http://localhost:80/sign-in/provider/callback"
    ) as server:
        yield server


@pytest.fixture
def clock():
    return Clock(datetime.now(UTC))


@pytest.fixture
def environment(tmp_path, server):
    server.has(ann=ANN)
    own = {"DATA_DIR": str(tmp_path / "data"), "SECRET_KEY": "k" * 40, "PUBLIC_URL": "http://localhost:80"}
    return {**own, **server.settings()}


@pytest.fixture
def settings(environment):
    return AppSettings.from_environment(environment)


@pytest.fixture
def person():
    return Person()


def come_back(browser, answer):
    return browser.get(answer.removeprefix("http://localhost:80"), expect_errors=True)


@pytest.fixture
def signed_in(stranger, user, person):
    sent = stranger.get("/sign-in/provider", {"next": "/invoices"}).location
    come_back(stranger, person.signs_in(sent, "ann"))
    return stranger


def test_the_provider_signs_in_the_user_with_its_verified_address(stranger, user, person):
    sent = stranger.get("/sign-in/provider", {"next": "/invoices"}).location

    answer = come_back(stranger, person.signs_in(sent, "ann"))

    assert (answer.status_int, answer.location) == (303, "/invoices")
    assert "Ann" in stranger.get("/").text
    assert users.provider_account_of(user.id)[1] == "ann"


def test_the_way_to_the_provider_has_state_nonce_and_pkce(stranger, person):
    sent = stranger.get("/sign-in/provider").location

    assert sorted(re.findall(r"[?&](\w+)=", sent)) == [
        "client_id",
        "code_challenge",
        "code_challenge_method",
        "nonce",
        "redirect_uri",
        "response_type",
        "scope",
        "state",
    ]
    assert "code_challenge_method=S256" in sent


def test_an_answer_counts_once(stranger, user, person):
    answer = person.signs_in(stranger.get("/sign-in/provider").location, "ann")
    come_back(stranger, answer)
    stranger.reset()

    again = come_back(stranger, answer)

    assert again.status_int == 422
    assert "begun in another browser: please sign in again." in again.text


def test_an_answer_brought_by_somebody_else_signs_nobody_in(app, stranger, user, person):
    answer = person.signs_in(stranger.get("/sign-in/provider").location, "ann")
    victim = Browser(app)
    victim.get("/sign-in/provider")

    assert come_back(victim, answer).status_int == 422
    assert "session" not in victim.cookies


def test_an_address_changed_at_the_provider_changes_nothing_here(signed_in, user, server, person):
    server.has(ann={"email": "new@example.com", "email_verified": True})
    signed_in.reset()

    come_back(signed_in, person.signs_in(signed_in.get("/sign-in/provider").location, "ann"))

    assert "Ann" in signed_in.get("/").text
    assert users.existing(user.id).email == "ann@example.com"


def test_an_unknown_user_is_told_whom_to_ask_and_is_not_made(stranger, user, server, person):
    server.has(zoe={"email": "zoe@example.com", "email_verified": True})

    page = come_back(stranger, person.signs_in(stranger.get("/sign-in/provider").location, "zoe"))

    assert page.status_int == 422
    assert "Nobody may sign in here as zoe@example.com, which is who you are at Example Ltd: ask an admin." in page.text
    assert len(users.all_users()) == 1


def test_an_address_that_is_not_verified_signs_nobody_in(stranger, user, server, person):
    server.has(eve={"email": "ann@example.com", "email_verified": False})

    page = come_back(stranger, person.signs_in(stranger.get("/sign-in/provider").location, "eve"))

    assert "Example Ltd does not say that the e-mail address ann@example.com is verified: ask an admin." in page.text
    assert users.provider_account_of(user.id) is None


def test_a_second_account_with_the_same_address_signs_nobody_in(signed_in, user, server, person):
    server.has(ann=ANN, eve=ANN)
    signed_in.reset()

    page = come_back(signed_in, Person().signs_in(signed_in.get("/sign-in/provider").location, "eve"))

    assert "ann@example.com belongs to another account at Example Ltd: ask an admin to unlink it." in page.text


def test_who_does_not_consent_is_not_signed_in(stranger, user, person):
    page = come_back(stranger, person.cancels(stranger.get("/sign-in/provider").location))

    assert page.status_int == 422
    assert "You did not allow Example Ltd to sign you in: nothing was done." in page.text


def test_a_wrong_secret_is_named_by_its_setting(sqlite, user, environment, clock, person):
    wrong = Browser(build(AppSettings.from_environment({**environment, "OIDC_CLIENT_SECRET": "wrong"}), clock))

    page = come_back(wrong, person.signs_in(wrong.get("/sign-in/provider").location, "ann"))

    assert page.status_int == 503
    assert "Example Ltd does not accept this site&#39;s OIDC_CLIENT_ID and OIDC_CLIENT_SECRET" in page.text


def test_a_user_who_is_still_there_stays_signed_in(signed_in, clock):
    for _ in range(4):
        clock.advance(minutes=11)
        assert signed_in.get("/").status_int == 200


def test_a_user_who_was_removed_at_the_provider_is_out_after_ten_minutes(signed_in, user, server, clock):
    server.has()
    clock.advance(minutes=9)
    assert signed_in.get("/").status_int == 200

    clock.advance(minutes=1)

    assert signed_in.get("/").location.endswith("/sign-in")
    assert audit_entries.of_subject(f"user:{user.id}")[0].action == "session.ended_by_provider"


def test_dangerous_changes_wait_until_the_provider_has_asked_again(signed_in, user, person):
    page = signed_in.get("/users/new")
    assert "/sign-in/provider?again=1" in page.text
    form = page.forms[1]
    form["email"], form["role"] = "bob@example.com", "viewer"
    refused = form.submit(expect_errors=True)
    assert refused.status_int == 422
    assert "Please confirm who you are first, by the link below; then send this again." in refused.text

    confirmed = come_back(signed_in, person.signs_in(signed_in.get("/sign-in/provider?again=1").location, "ann"))

    assert "Example Ltd confirmed that it is you, which counts for 10 minutes." in confirmed.text
    assert form.submit().status_int == 200
    assert users.find_by_email("bob@example.com").role is Role.VIEWER


def test_somebody_else_at_the_provider_confirms_nothing(signed_in, user, server):
    server.has(ann=ANN, eve={"email": "eve@example.com", "email_verified": True})

    page = come_back(signed_in, Person().signs_in(signed_in.get("/sign-in/provider?again=1").location, "eve"))

    assert "You signed in to Example Ltd with another account: nothing was confirmed." in page.text
    assert tables.LoginModel.get().stepped_up_at is None


def test_signing_out_offers_to_sign_out_at_the_provider(signed_in, server):
    page = signed_in.get("/").forms[0].submit()

    assert page.status_int == 200
    link = re.search(rf'href="({server.issuer}/session/end[^"]+)"', page.text)[1]
    assert "post_logout_redirect_uri=http%3A%2F%2Flocalhost%3A80%2Fsign-in" in link
    assert signed_in.get("/").location.endswith("/sign-in")
