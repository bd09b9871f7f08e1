"""Every answer carries the security headers, whatever made it."""

import pytest
from support.browser import path_of
from support.security_headers import EXPECTED, carried


def test_every_route_answers_with_the_security_headers(app, browser):
    for route in app.routes:
        path = path_of(route.rule).replace("<content_hash>/<path:path>", "0/css/base.css")
        answer = browser.request(path, method=route.method, expect_errors=True)
        assert carried(answer) == EXPECTED, route


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/static/0/../../settings.py", 404),
        ("GET", "/invoices/99", 404),
        ("DELETE", "/invoices", 405),
        ("TRACE", "/", 405),
        ("GET", "/?as_of=x", 422),
        ("HEAD", "/", 200),
    ],
)
def test_errors_carry_the_security_headers(browser, method, path, status):
    answer = browser.request(path, method=method, expect_errors=True)

    assert answer.status_int == status
    assert carried(answer) == EXPECTED


def test_a_failure_carries_the_security_headers(browser, monkeypatch):
    monkeypatch.setattr("app.store.ledger.invoices.exist", lambda: 1 / 0)

    answer = browser.get("/", expect_errors=True)

    assert answer.status_int == 500
    assert carried(answer) == EXPECTED


def test_nothing_but_files_is_kept_by_the_browser(browser, stranger):
    assert browser.get("/").headers["Cache-Control"] == "no-store"
    assert browser.get("/invoices").headers["Cache-Control"] == "no-store"
    assert stranger.get("/sign-in").headers["Cache-Control"] == "no-store"


def test_the_app_claims_no_https_where_there_is_none(browser):
    assert "Strict-Transport-Security" not in browser.get("/").headers
