"""Signing in and out, and what a cookie is worth afterwards."""

import dataclasses
import logging
from datetime import UTC, datetime, timedelta

import pytest
from support.browser import Browser

from app.domain.permissions import Role
from app.store import logins, tables, users
from app.web.application import build
from app.web.session_tokens import Reference, SessionTokens


def test_the_right_password_leads_to_the_page_asked_for(stranger, user):
    answer = stranger.sign_in(wanted="/invoices?status=overdue")

    assert answer.status_int == 303
    assert answer.location == "/invoices?status=overdue"
    assert "Ann" in answer.follow().text


def test_whoever_asks_for_a_page_is_asked_who_it_is_and_then_brought_there(stranger, user):
    asked = stranger.get("/invoices?q=a%26b").follow()
    asked.form["email"], asked.form["password"] = "ann@example.com", "correct horse battery"

    assert asked.form.submit().location.endswith("/invoices?q=a%26b")


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("ann@example.com", "wrong horse battery"),
        ("nobody@example.com", "correct horse battery"),
        ("", ""),
        ("ann@example.com", ""),
        ("' OR 1=1 --", "x"),
        ("ann@example.com\x00", "\x00"),
    ],
)
def test_a_wrong_address_and_a_wrong_password_are_answered_alike(stranger, user, email, password):
    answer = stranger.sign_in(email, password)

    assert answer.status_int == 422
    assert "E-mail address and password do not belong together." in answer.text
    assert "session" not in stranger.cookies


def test_the_address_typed_is_kept_and_the_password_is_not(stranger, user):
    page = stranger.sign_in("ann@example.com", "wrong horse battery")

    assert page.form["email"].value == "ann@example.com"
    assert "wrong horse battery" not in page.text


def test_a_deactivated_user_cannot_sign_in(stranger, user):
    users.set_active(user.id, active=False)

    assert stranger.sign_in().status_int == 422


def test_signing_in_with_a_hash_of_old_parameters_stores_a_new_one(stranger, user):
    before = users.password_hash_of(user.id)

    stranger.sign_in()

    assert users.password_hash_of(user.id) != before
    stranger.reset()
    assert stranger.sign_in().status_int == 303


def test_a_login_ends_on_the_server_when_signing_out(browser):
    cookie = browser.cookies["session"]

    browser.get("/").forms[0].submit()

    assert "session" not in browser.cookies
    browser.set_cookie("session", cookie)
    assert browser.get("/").location.endswith("/sign-in")


def test_signing_out_without_being_signed_in_leads_to_the_sign_in_page(stranger):
    assert stranger.post("/sign-out").location.endswith("/sign-in")


def test_each_login_has_a_token_of_its_own(stranger, user):
    stranger.sign_in()
    first = stranger.cookies["session"]
    stranger.reset()
    stranger.sign_in()

    assert stranger.cookies["session"] != first


def test_a_revoked_login_is_asked_to_sign_in_again(browser, user, clock):
    logins.revoke_all_of(user.id, clock())

    assert browser.get("/").location.endswith("/sign-in")


def test_a_deactivated_user_is_out_at_the_next_request(browser, user):
    users.set_active(user.id, active=False)

    assert browser.get("/").location.endswith("/sign-in")


def test_a_login_ends_after_the_hours_that_the_settings_allow(browser, clock):
    clock.advance(hours=11, minutes=59)
    assert browser.get("/").status_int == 200

    clock.advance(minutes=1)
    assert browser.get("/").status_int == 303


def test_a_token_for_the_login_of_somebody_else_is_worth_nothing(browser, user, clock, settings):
    bob = users.create("bob@example.com", "Bob", Role.VIEWER, "-", clock())
    logins.start(bob.id, "jti-of-bob", clock(), clock() + timedelta(hours=1))
    tokens = SessionTokens.signed_with(settings.secret_key)

    mixed = tokens.issue(Reference("jti-of-bob", user.id), clock(), clock() + timedelta(hours=1))
    browser.set_cookie("session", mixed)

    assert browser.get("/").status_int == 303


def test_somebody_signed_in_is_not_asked_again(browser):
    assert browser.get("/sign-in?next=/invoices").location.endswith("/invoices")


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example/",
        "///evil.example",
        "/\\evil.example/",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "javascript:alert(1)",
        "evil.example",
        " //evil.example",
        "",
    ],
)
def test_signing_in_never_leads_to_another_site(stranger, user, wanted):
    assert stranger.sign_in(wanted=wanted).location == "/"


def test_cookies_are_kept_from_scripts_and_other_sites(stranger, user):
    answer = stranger.sign_in()

    for cookie in answer.headers.getall("Set-Cookie"):
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert "Path=/" in cookie
        assert "Domain" not in cookie


def test_cookies_are_bound_to_the_host_where_there_is_https(user, settings, clock):
    secure = build(dataclasses.replace(settings, public_url="https://invoices.example"), clock)
    browser = Browser(secure, extra_environ={"wsgi.url_scheme": "https", "HTTP_HOST": "invoices.example"})

    page = browser.get("/sign-in")
    page.form["email"], page.form["password"] = "ann@example.com", "correct horse battery"
    answer = page.form.submit()

    (session,) = [text for text in answer.headers.getall("Set-Cookie") if "session" in text]
    assert session.startswith("__Host-session=")
    assert "Secure" in session
    assert "max-age=63072000; includeSubDomains" in answer.headers["Strict-Transport-Security"]


def test_who_signs_in_and_who_fails_to_is_logged_without_the_password(stranger, user, caplog):
    caplog.set_level(logging.INFO)

    stranger.sign_in("ann@example.com\r\nforged line", "wrong horse battery")
    stranger.sign_in()

    assert "user 1 signed in" in caplog.text
    assert "refused to sign in" in caplog.text
    assert "\nforged" not in caplog.text
    assert "battery" not in caplog.text


def test_being_seen_is_noted(browser, user, clock):
    clock.advance(minutes=5)
    browser.get("/")

    (row,) = [logins.find_active(jti, clock()) for jti in _jtis()]
    assert row.last_seen_at == datetime(2026, 3, 2, 9, 35, tzinfo=UTC)


def _jtis():
    return [row.jti for row in tables.Login.select()]
