"""What a provider may answer that signs nobody in, and the roles that have no other way."""

from datetime import timedelta

import pytest
from joserfc.jwk import RSAKey
from support.browser import PASSWORD, QUICK_HASH, Browser
from support.oidc_answers import ISSUER, KEY, Answers, answering, come_back, settings_with_provider
from support.records import a_user

from app.actions import passwords
from app.domain.permissions import Role
from app.store.access import logins, users
from app.store.access.one_time_links import Purpose
from app.store.db import tables
from app.web.application import build


@pytest.fixture
def answers(monkeypatch, clock):
    return answering(Answers(clock), monkeypatch)


@pytest.fixture
def settings(tmp_path):
    return settings_with_provider(tmp_path)


@pytest.fixture
def viewer(sqlite):
    return a_user("eve@example.com", Role.VIEWER, "Eve", QUICK_HASH)


@pytest.fixture
def admin(stranger, user, clock):
    page = stranger.get("/sign-in?password=yes")
    page.forms[0]["email"], page.forms[0]["password"] = "ann@example.com", PASSWORD
    page.forms[0].submit()
    tables.LoginModel.update(stepped_up_at=clock()).execute()
    return stranger


def test_who_comes_back_is_led_to_a_page_of_ours_only(stranger, user, answers):
    assert come_back(stranger, answers, "https://evil.example.com/").location == "/"


def test_an_answer_of_another_provider_signs_nobody_in(stranger, user, answers):
    page = come_back(stranger, answers, iss="https://evil.example.com")

    assert page.status_int == 422
    assert "This answer does not come from Example Ltd, so you were not signed in: please sign in again." in page.text


def test_an_answer_without_the_issuer_that_was_promised_signs_nobody_in(stranger, user, answers):
    answers.metadata["authorization_response_iss_parameter_supported"] = True

    assert come_back(stranger, answers).status_int == 422
    assert come_back(stranger, answers, iss=ISSUER).status_int == 303


def test_new_keys_of_the_provider_are_fetched(stranger, user, answers, clock):
    come_back(stranger, answers)
    stranger.reset()
    clock.advance(minutes=2)
    answers.signed_with = RSAKey.generate_key(2048, {"kid": "second"})
    answers.keys = [KEY, answers.signed_with]

    assert come_back(stranger, answers).status_int == 303
    assert answers.asked_for_keys == 2


def test_made_up_keys_are_not_asked_for_more_than_once_a_minute(stranger, user, answers):
    answers.signed_with = RSAKey.generate_key(2048, {"kid": "unknown"})
    for _ in range(3):
        assert come_back(stranger, answers).status_int == 422

    assert answers.asked_for_keys == 1


def test_a_provider_that_is_away_is_named_and_the_password_still_counts(stranger, user, answers):
    answers.is_away = True

    page = stranger.get("/sign-in/provider", expect_errors=True)

    assert page.status_int == 503
    assert "Example Ltd does not answer as it should: please try again in a minute." in page.text
    page.forms[0]["email"], page.forms[0]["password"] = "ann@example.com", PASSWORD
    assert page.forms[0].submit().status_int == 303


def test_an_issuer_with_another_name_is_refused(stranger, user, answers):
    answers.metadata["issuer"] = "https://evil.example.com"

    assert stranger.get("/sign-in/provider", expect_errors=True).status_int == 503


def test_a_provider_that_does_not_answer_keeps_nobody_in_for_more_than_an_hour(stranger, user, answers, clock):
    come_back(stranger, answers)
    answers.is_away = True
    for _ in range(5):
        clock.advance(minutes=11)
        assert stranger.get("/").status_int == 200

    clock.advance(minutes=5)

    assert stranger.get("/").location.endswith("/sign-in")


def test_without_a_refresh_token_a_login_ends_after_an_hour(stranger, user, answers, clock):
    answers.refresh_token = ""
    come_back(stranger, answers)
    for _ in range(2):
        clock.advance(minutes=29)
        assert stranger.get("/").status_int == 200

    clock.advance(minutes=2)

    assert stranger.get("/").location.endswith("/sign-in")


def test_a_refresh_that_names_somebody_else_ends_the_login(stranger, user, answers, clock):
    come_back(stranger, answers)
    answers.claims = {"sub": "eve-1"}
    clock.advance(minutes=10)

    assert stranger.get("/").location.endswith("/sign-in")


@pytest.mark.parametrize("auth_time", [None, -61], ids=["unsaid", "before"])
def test_an_old_sign_in_at_the_provider_confirms_nothing(stranger, user, answers, clock, auth_time):
    come_back(stranger, answers)
    at = None if auth_time is None else int((clock() + timedelta(seconds=auth_time)).timestamp())
    answers.claims = {} if at is None else {"auth_time": at}

    page = come_back(stranger, answers, again=True)

    assert page.status_int == 422
    assert "Example Ltd did not ask you again who you are, so nothing was confirmed: please tell an admin." in page.text
    assert tables.LoginModel.get().stepped_up_at is None


def test_attempts_to_come_back_are_limited(stranger, user, answers):
    answers.claims = {"aud": "another-app"}
    statuses = [come_back(stranger, answers).status_int for _ in range(22)]

    assert statuses == [422] * 21 + [429]


def test_a_password_of_who_has_to_use_the_provider_is_refused_like_a_wrong_one(stranger, viewer, answers):
    token = stranger.get("/sign-in?password=yes").forms[0]["csrf_token"].value
    typed = {"email": "eve@example.com", "password": "correct horse battery", "csrf_token": token}

    page = stranger.post("/sign-in", typed, expect_errors=True)

    assert page.status_int == 422
    assert "E-mail or password is wrong." in page.text


def test_the_sign_in_page_shows_the_form_for_a_password_behind_a_link(stranger, answers):
    page = stranger.get("/sign-in?next=/invoices")

    assert 'name="password"' not in page.text
    assert 'name="password"' in page.click("Sign in with a password, if you may").text


def test_a_link_to_choose_a_password_is_of_no_use_to_who_has_to_use_the_provider(stranger, viewer, answers, clock):
    token = passwords.make_link(viewer.id, Purpose.RESET, None, clock())

    page = stranger.get("/set-password", {"token": token}, expect_errors=True)

    assert page.status_int == 404
    assert "You need no password here: go to the sign-in page and choose Example Ltd." in page.text


def test_a_login_from_before_ends_when_the_provider_becomes_the_only_way(settings, viewer, answers, clock):
    before = settings.model_copy(update={"oidc_only": frozenset()})
    eve = Browser(build(before, clock))
    eve.sign_in("eve@example.com")
    assert eve.get("/").status_int == 200

    after = Browser(build(settings, clock))
    after.set_cookie("session", eve.cookies["session"])

    assert after.get("/").location.endswith("/sign-in")


def test_who_has_to_use_the_provider_changes_no_password_here(stranger, viewer, answers):
    answers.claims = {"sub": "eve-1", "email": "eve@example.com"}
    come_back(stranger, answers)

    refused = stranger.post("/account/password", {"csrf_token": stranger.csrf_token()}, expect_errors=True)

    assert refused.status_int == 403
    assert "You sign in by Example Ltd: how you do that is changed there." in refused.text


def test_an_admin_unlinks_an_account_so_that_another_one_is_linked(admin, viewer):
    users.set_provider_account(viewer.id, (ISSUER, "eve-0"))

    admin.post(f"/users/{viewer.id}/provider", {"csrf_token": admin.csrf_token()})

    assert users.provider_account_of(viewer.id) is None


def test_the_tokens_of_the_provider_are_removed_with_the_login(stranger, user, answers, clock):
    come_back(stranger, answers)

    logins.revoke_all_of(user.id, clock())

    assert tables.LoginModel.get().oidc_tokens == ""


def test_the_tokens_of_the_provider_are_not_readable_in_the_database(stranger, user, answers):
    come_back(stranger, answers)

    kept = tables.LoginModel.get().oidc_tokens
    assert kept.startswith("gAAAA")
    assert "a refresh token" not in kept


def test_an_invitation_of_who_has_to_use_the_provider_names_it_and_makes_no_link(admin):
    form = next(form for form in admin.get("/users/new").forms.values() if "role" in form.fields)
    form["email"], form["role"] = "eve@example.com", "viewer"

    page = form.submit().follow()

    assert "eve@example.com may now sign in by Example Ltd at http://localhost:80: tell them so." in page.text
    assert tables.OneTimeLinkModel.select().count() == 0


def test_no_link_to_choose_a_password_is_made_for_who_has_to_use_the_provider(admin, viewer):
    assert "Make a link to choose a password" not in admin.get(f"/users/{viewer.id}").text

    admin.post(f"/users/{viewer.id}/link", {"csrf_token": admin.csrf_token()}, status=409)

    assert tables.OneTimeLinkModel.select().count() == 0
