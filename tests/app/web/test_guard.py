"""What every request passes: who asks, what they may, and what is answered when something breaks."""

import psycopg
import pytest
from bottle import BaseRequest
from support.browser import path_of
from support.records import a_user

from app.domain.permissions import Role
from app.store.access import users
from app.store.db.outages import CommitUnansweredError
from app.store.db.transactions import transaction
from app.web import guard
from app.web.application import build

WATCHED = {"/health", "/healthz", "/readyz", "/metrics"}
OPEN_TO_ALL = {
    "/sign-in",
    "/sign-in/passkey",
    "/set-password",
    "/forgot-password",
    *WATCHED,
    "/static/<content_hash>/<path:path>",
}


def test_every_page_asks_a_stranger_to_sign_in(app, stranger):
    pages = [
        route for route in app.routes if not route.rule.startswith(("/api/v1", "/feeds/"))
    ]  # tests/app/web/api has the rest
    guarded = [route for route in pages if route.method == "GET" and route.rule not in OPEN_TO_ALL]

    assert len(guarded) >= 3
    for route in guarded:
        answer = stranger.get(path_of(route.rule))
        assert answer.status_int == 303, route.rule
        assert answer.location.startswith("/sign-in"), route.rule


def test_a_page_that_htmx_asks_for_sends_the_whole_browser_to_sign_in(stranger):
    answer = stranger.get("/invoices?q=a", headers={"HX-Request": "true"})

    assert answer.status_int == 204
    assert answer.headers["HX-Redirect"] == "/sign-in"


def test_no_get_changes_anything(app, browser):
    before = users.all_users()

    for route in app.routes:
        if route.method == "GET":
            browser.get(path_of(route.rule), expect_errors=True)

    assert users.all_users() == before
    assert browser.get("/").status_int == 200


@pytest.fixture
def broken(app, browser, monkeypatch):
    """A browser signed in to an app whose dashboard writes something and then breaks."""

    def write_and_break():
        with transaction():
            a_user("half@example.com", Role.VIEWER)
            raise RuntimeError("the secret reason")

    monkeypatch.setattr("app.store.ledger.invoices.exist", write_and_break)
    return browser


def test_a_failure_shows_an_id_and_no_reason(broken, caplog):
    page = broken.get("/", expect_errors=True)

    assert page.status_int == 500
    assert "Something went wrong here" in page.text
    assert "the secret reason" not in page.text
    assert "Traceback" not in page.text
    assert f"<code>{page.headers['X-Request-Id']}</code>" in page.text
    assert "the secret reason" in caplog.text


@pytest.mark.parametrize(
    ("error", "status", "sentence"),
    [
        (
            psycopg.OperationalError("connection refused"),
            503,
            "The database does not answer just now. Nothing was changed",
        ),
        (
            CommitUnansweredError("the server did not answer in time"),
            503,
            "The database went away just as this was saved. Please look in a moment whether it was, before you",
        ),
        (
            psycopg.errors.DiskFull("No space left on device"),
            507,
            "Nothing was saved. Please tell the operator of this site",
        ),
        (
            psycopg.errors.LockNotAvailable("canceling statement due to lock timeout"),
            503,
            "An import or somebody else is writing just now. Nothing was changed; please try again in a moment.",
        ),
    ],
    ids=["database-away", "commit-unanswered", "disk-full", "locked"],
)
def test_an_outage_is_told_in_words_that_say_what_to_do(browser, monkeypatch, error, status, sentence):
    def fail(*_words):
        raise error

    monkeypatch.setattr("app.store.ledger.invoices.exist", fail)
    page = browser.get("/", expect_errors=True)

    assert page.status_int == status
    assert sentence in page.text
    assert str(error) not in page.text


def test_a_failure_takes_back_what_was_half_done(broken):
    broken.get("/", expect_errors=True)

    assert users.find_by_email("half@example.com") is None


def test_a_missing_page_says_so_in_our_own_words(browser):
    page = browser.get("/nowhere", expect_errors=True)

    assert page.status_int == 404
    assert "There is no page at this address." in page.text
    assert "Go to the dashboard" in page.text


@pytest.mark.parametrize(("method", "path"), [("get", "/nowhere"), ("get", "/invoices/999"), ("put", "/invoices")])
def test_whoever_is_signed_in_has_the_menu_also_where_nothing_is(browser, stranger, method, path):
    page = getattr(browser, method)(path, expect_errors=True).html

    assert [link.text for link in page.select(".layout__tabs a")][:3] == ["Dashboard", "Invoices", "Payments"]


def test_a_stranger_is_told_that_nothing_is_there_without_a_look_at_the_database(stranger, monkeypatch):
    monkeypatch.setattr(guard, "connection", None)

    page = stranger.get("/nowhere", expect_errors=True)

    assert page.status_int == 404
    assert "Go to the start page" in page.text
    assert page.html.select(".layout__tabs") == []


def test_a_method_that_a_page_does_not_know_is_refused(browser):
    page = browser.put("/invoices", expect_errors=True)

    assert page.status_int == 405
    assert "This address cannot be used that way." in page.text
    assert page.headers["Allow"]


def test_no_page_allows_a_form_that_is_refused_below_it(settings, sqlite, monkeypatch):
    routes = []
    monkeypatch.setattr(guard.Guard, "around", lambda self, route: routes.append(route) or self.catching(route.handler))
    build(settings)

    larger = [route.path for route in routes if route.largest_body > BaseRequest.MEMFILE_MAX]
    assert larger == ["/imports"]  # a file is kept on the disk


def test_more_than_a_form_can_hold_is_refused_before_it_is_read(browser):
    answer = browser.post("/sign-out", {"note": "x" * 100_001}, expect_errors=True)

    assert answer.status_int == 413


def test_a_form_of_unsaid_size_is_refused(browser):
    answer = browser.request("/sign-out", method="POST", expect_errors=True, environ={"CONTENT_LENGTH": ""})

    assert answer.status_int == 411


@pytest.mark.parametrize("path", ["/invoices/abc", "/invoices/-1", "/invoices/99999999999999999999", "/invoices/1%00"])
def test_an_address_that_is_no_number_is_simply_not_there(browser, path):
    assert browser.get(path, expect_errors=True).status_int == 404


def test_undecodable_parameters_are_read_as_nothing(browser):
    assert browser.get("/invoices?q=%ff%fe").location == "/invoices"
