"""Signing in and out, and what a cookie is worth afterwards."""

import logging
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest
from argon2 import PasswordHasher
from support.browser import PASSWORD, Browser

from app.domain.permissions import Role
from app.store.access import audit_entries, logins, users
from app.store.access.logins import NewLogin
from app.store.db import tables
from app.web.application import build
from app.web.auth.session_tokens import SessionTokens, TokenClaims


def test_the_right_password_leads_to_the_page_asked_for(stranger, user):
    answer = stranger.sign_in(wanted="/invoices?status=overdue")

    assert answer.status_int == 303
    assert answer.location == "/invoices?status=overdue"
    assert "Ann" in answer.follow().text


def test_whoever_asks_for_a_page_is_asked_who_it_is_and_then_brought_there(stranger, user):
    asked = stranger.get("/invoices?q=a%26b").follow()
    asked.forms[0]["email"], asked.forms[0]["password"] = "ann@example.com", "correct horse battery"

    assert asked.forms[0].submit().location.endswith("/invoices?q=a%26b")


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
    assert "E-mail or password is wrong." in answer.text
    assert "session" not in stranger.cookies


def test_the_address_typed_is_kept_and_the_password_is_not(stranger, user):
    page = stranger.sign_in("ann@example.com", "wrong horse battery")

    assert page.forms[0]["email"].value == "ann@example.com"
    assert "wrong horse battery" not in page.text


def test_a_deactivated_user_cannot_sign_in(stranger, user):
    users.set_active(user.id, active=False)

    assert stranger.sign_in().status_int == 422


def test_signing_in_with_a_hash_of_old_parameters_stores_a_new_one(stranger, user):
    before = PasswordHasher(time_cost=2, memory_cost=8, parallelism=1).hash(PASSWORD)
    users.set_password_hash(user.id, before)

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
    for _ in range(47):
        clock.advance(minutes=15)
        assert browser.get("/").status_int == 200

    clock.advance(minutes=15)
    assert browser.get("/").status_int == 303


def test_a_page_knows_how_long_its_user_stays_signed_in_and_one_request_begins_it_anew(browser, clock):
    assert browser.get("/help").html.select_one("[data-seconds]")["data-seconds"] == "1800"

    clock.advance(minutes=29)

    assert browser.get("/signed-in").headers["Login-Seconds"] == "1800"


def test_no_request_keeps_a_login_beyond_its_hours(browser, clock):
    for _ in range(24):
        clock.advance(minutes=29)
        browser.get("/signed-in")
    clock.advance(minutes=20)

    assert browser.get("/signed-in").headers["Login-Seconds"] == "240"


def test_a_login_ends_when_nothing_was_asked_for_half_an_hour(browser, clock):
    clock.advance(minutes=29, seconds=59)
    assert browser.get("/").status_int == 200

    clock.advance(minutes=30)
    assert browser.get("/").status_int == 303


def test_a_new_secret_key_signs_nobody_out_and_loses_no_form(user, settings, clock):
    new = "n" * 40
    before = Browser(build(settings, clock))
    before.sign_in()
    page = before.get("/views")
    rotated = Browser(
        build(settings.model_copy(update={"secret_key": new, "secret_keys_before": (settings.secret_key,)}), clock)
    )
    rotated.set_cookie("session", before.cookies["session"])

    assert rotated.get("/").status_int == 200
    token = page.forms[0]["csrf_token"].value
    assert rotated.post("/sign-out", {"csrf_token": token}).status_int == 303


def test_a_secret_key_that_is_known_no_more_signs_everybody_out(browser, user, settings, clock):
    forgotten = Browser(build(settings.model_copy(update={"secret_key": "n" * 40}), clock))
    forgotten.set_cookie("session", browser.cookies["session"])

    assert forgotten.get("/").location.startswith("/sign-in")


def test_pages_are_for_the_networks_that_are_allowed(user, settings, clock):
    app = build(settings.model_copy(update={"allowed_addresses": (ip_network("192.0.2.0/24"),)}), clock)
    inside = Browser(app, extra_environ={"REMOTE_ADDR": "192.0.2.7"})
    outside = Browser(app, extra_environ={"REMOTE_ADDR": "198.51.100.9"})

    assert inside.sign_in().status_int == 303
    for path in ("/", "/sign-in", "/invoices", "/set-password", "/api/v1/openapi.json"):
        page = outside.get(path, expect_errors=True)
        assert page.status_int == 403
        assert "your address, 198.51.100.9, is in none of them" in page.text
    assert outside.get("/health").status_int == 200
    assert inside.post("/sign-in", expect_errors=True).status_int == 403  # no token, so no form of ours


def test_automation_reaches_the_api_and_no_page_whatever_networks_are_allowed(user, settings, clock):
    networks = {
        "allowed_addresses": (ip_network("192.0.2.0/24"),),
        "automation_subnet": (ip_network("172.28.82.0/24"),),
    }
    app = build(settings.model_copy(update=networks), clock)
    n8n = Browser(app, extra_environ={"REMOTE_ADDR": "172.28.82.3"})
    beside = Browser(app, extra_environ={"REMOTE_ADDR": "172.28.83.3"})

    assert n8n.get("/api/v1/invoices", expect_errors=True).status_int == 401  # it is asked for its token
    assert beside.get("/api/v1/invoices", expect_errors=True).status_int == 403
    assert [n8n.get(path, expect_errors=True).status_int for path in ("/", "/sign-in")] == [403, 403]


def test_an_unknown_address_is_in_no_network(settings, sqlite, clock):
    app = build(settings.model_copy(update={"allowed_addresses": (ip_network("192.0.2.0/24"),)}), clock)

    assert Browser(app).get("/sign-in", expect_errors=True).status_int == 403


def test_signing_in_and_out_is_recorded(browser, user):
    browser.get("/").forms[0].submit()

    assert [(entry.actor, entry.action) for entry in audit_entries.of_subject(f"user:{user.id}")] == [
        ("Ann", "session.ended"),
        ("Ann", "session.started"),
    ]


def test_a_token_for_the_login_of_somebody_else_is_worth_nothing(browser, user, clock, settings):
    bob = users.create("bob@example.com", "Bob", Role.VIEWER, "-", clock())
    logins.start(bob.id, NewLogin("jti-of-bob", clock() + timedelta(hours=1)), clock())
    tokens = SessionTokens.signed_with(settings.secret_key)

    mixed = tokens.issue(TokenClaims("jti-of-bob", user.id), clock(), clock() + timedelta(hours=1))
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
    secure = build(settings.model_copy(update={"public_url": "https://invoices.example"}), clock)
    browser = Browser(secure, extra_environ={"wsgi.url_scheme": "https", "HTTP_HOST": "invoices.example"})

    page = browser.get("/sign-in")
    page.forms[0]["email"], page.forms[0]["password"] = "ann@example.com", "correct horse battery"
    answer = page.forms[0].submit()

    (session,) = [text for text in answer.headers.getall("Set-Cookie") if "session" in text]
    assert session.startswith("__Host-session=")
    assert "Secure" in session
    assert answer.headers["Strict-Transport-Security"] == "max-age=63072000"


def test_who_signs_in_and_who_fails_to_is_logged_without_the_password(stranger, user, caplog):
    caplog.set_level(logging.INFO)

    stranger.sign_in("ann@example.com\r\nforged line", "wrong horse battery")
    stranger.sign_in()

    assert "user 1 signed in" in caplog.text
    assert "refused to sign in user unknown" in caplog.text
    assert "\nforged" not in caplog.text
    assert "battery" not in caplog.text


def test_being_seen_is_noted(browser, user, clock):
    clock.advance(minutes=5)
    browser.get("/")

    (row,) = [logins.find_active(jti, clock()) for jti in _jtis()]
    assert row.last_seen_at == datetime(2026, 3, 2, 9, 35, tzinfo=UTC)


def _jtis():
    return [row.jti for row in tables.LoginModel.select()]
