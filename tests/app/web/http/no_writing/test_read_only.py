"""During maintenance everything can be read and nothing is written; what was typed is kept."""

import re
from datetime import UTC, datetime

import pytest
from support.browser import Browser, path_of
from support.records import an_invoice

from app.actions import api_tokens as token_actions
from app.domain.permissions import API_RIGHTS, EVERYTHING
from app.maintenance import MaintenanceMode
from app.store.access.api_tokens import TokenFacts
from app.store.db import tables

UNTIL = datetime(2026, 3, 2, 10, 15, tzinfo=UTC)
BAR = "Nothing can be saved until about 2 Mar 2026, 10:15: a larger server. Everything can be read."
REFUSAL = "Nothing was saved: the server is being worked on. Please send it again after 2 Mar 2026, 10:15."
OUR_PAGE = {"Sec-Fetch-Site": "same-origin"}
OPEN_ALL_THE_SAME = {"/invoices/bulk", "/sign-in", "/sign-in/code", "/sign-in/passkey", "/sign-out"}


@pytest.fixture
def sqlite(database):
    """Each kind of database in its turn."""
    return database


@pytest.fixture
def maintenance(settings):
    return MaintenanceMode(settings.data_dir)


@pytest.fixture
def invoice(sqlite):
    return an_invoice("1001", total_cents=100_00)


def begin(maintenance):
    maintenance.begin(UNTIL, "a larger server", 0)


def receipt(browser, invoice):
    form = next(form for form in browser.get(f"/invoices/{invoice.id}").forms.values() if records_money(form))
    form["amount"] = "40.00"
    return form


def records_money(form):
    return form.action.endswith("/payments")


def words(page):
    return " ".join(re.sub("<[^>]*>", "", page.text).split())


def test_what_is_entered_is_refused_with_when_to_send_it_again(browser, invoice, maintenance):
    begin(maintenance)

    page = receipt(browser, invoice).submit(expect_errors=True)

    assert (page.status_int, page.headers["Retry-After"]) == (503, "2701")
    assert REFUSAL in page
    assert tables.PaymentModel.select().count() == 0


def test_what_was_typed_before_it_began_can_be_sent_again_when_it_is_over(browser, invoice, maintenance):
    filled_in = receipt(browser, invoice)
    begin(maintenance)
    refused = filled_in.submit(headers=OUR_PAGE, expect_errors=True)

    maintenance.end()
    next(form for form in refused.forms.values() if records_money(form)).submit(headers=OUR_PAGE)

    assert [payment.amount_cents for payment in tables.PaymentModel.select()] == [40_00]


def test_every_page_says_when_writing_is_possible_again(browser, maintenance):
    begin(maintenance)

    assert [BAR in words(browser.get(path)) for path in ("/", "/invoices", "/settings")] == [True, True, True]


def test_it_says_no_moment_that_has_passed(browser, maintenance, clock, invoice):
    begin(maintenance)
    filled_in = receipt(browser, invoice)
    clock.advance(minutes=45)
    browser.sign_in()

    assert "Nothing can be saved for now: a larger server. Everything can be read." in words(browser.get("/"))
    refused = filled_in.submit(expect_errors=True)
    assert (refused.status_int, refused.headers["Retry-After"]) == (503, "60")


def test_nobody_is_told_of_it_while_there_is_none(browser):
    assert "Everything can be read." not in browser.get("/")


def test_whatever_page_writes_is_closed(app, browser, maintenance):
    token = browser.csrf_token()
    begin(maintenance)

    rules = [route.rule for route in app.routes if route.method == "POST" and not route.rule.startswith("/api/")]
    answers = {rule: browser.post(path_of(rule), {"csrf_token": token}, expect_errors=True) for rule in rules}

    assert {rule for rule, page in answers.items() if page.status_int != 503} == OPEN_ALL_THE_SAME
    assert tables.AuditEntryModel.select().where(~tables.AuditEntryModel.action.startswith("session.")).count() == 0


def test_one_can_sign_in_and_out(browser, maintenance, app):
    begin(maintenance)
    other = Browser(app)

    assert other.sign_in().status_int == 303
    form = next(form for form in other.get("/").forms.values() if form.action == "/sign-out")
    assert form.submit().location.endswith("/sign-in")


def test_everything_can_still_be_exported(browser, invoice, maintenance):
    begin(maintenance)

    assert "1001" in browser.get("/invoices.csv")


def test_a_program_is_refused_before_its_request_is_kept(browser, user, invoice, maintenance, clock):
    token = token_actions.create(TokenFacts("n8n", API_RIGHTS, None, EVERYTHING), user, clock())
    begin(maintenance)
    sent = {"Authorization": f"Bearer {token}", "Idempotency-Key": "one"}
    body = {"paid_on": "2026-03-01", "amounts": [{"invoice_id": invoice.id, "amount_cents": 40_00}]}

    answer = browser.post_json("/api/v1/payments", body, headers=sent, expect_errors=True)

    assert (answer.status_int, answer.headers["Retry-After"], answer.json["type"], answer.json["detail"]) == (
        503,
        "2701",
        "/api#maintenance",
        "Nothing was saved: the server is being worked on. Please send it again after 2026-03-02T10:15:00Z.",
    )
    assert tables.ApiRequestModel.select().count() == 0


def test_whatever_a_program_writes_is_closed(app, browser, user, maintenance, clock):
    token = token_actions.create(TokenFacts("n8n", API_RIGHTS, None, EVERYTHING), user, clock())
    begin(maintenance)
    sent = {"Authorization": f"Bearer {token}"}
    writing = [route for route in app.routes if route.rule.startswith("/api/") and route.method != "GET"]

    answers = {
        (route.method, route.rule): browser.request(
            path_of(route.rule), method=route.method, headers=sent, expect_errors=True
        ).status_int
        for route in writing
    }

    assert len(answers) > 5
    assert set(answers.values()) == {503}


def test_what_maintenance_refuses_counts_as_no_failure(browser, invoice, maintenance):
    begin(maintenance)
    receipt(browser, invoice).submit(expect_errors=True)

    told = browser.get("/metrics", extra_environ={"REMOTE_ADDR": "127.0.0.1"}).text
    rule = 'method="POST",route="/invoices/<invoice_id:id>/payments"'
    assert f'invoices_requests_total{{{rule},status="maintenance"}} 1.0' in told
    assert 'status="5xx"' not in told


def test_a_program_reads_on(browser, user, invoice, maintenance, clock):
    token = token_actions.create(TokenFacts("n8n", API_RIGHTS, None, EVERYTHING), user, clock())
    begin(maintenance)

    answer = browser.get("/api/v1/invoices", headers={"Authorization": f"Bearer {token}"})

    assert [one["number"] for one in answer.json["data"]] == ["1001"]


def test_a_large_upload_is_refused_before_it_is_read(browser, maintenance):
    token = browser.csrf_token()
    begin(maintenance)

    page = browser.post(
        "/imports",
        {"csrf_token": token},
        upload_files=[("workbook", "a.xlsx", b"x" * 200_000)],
        headers=OUR_PAGE,
        expect_errors=True,
    )

    assert page.status_int == 503
    assert "Please choose the file again: it was not kept." in page


def test_a_form_that_is_being_saved_is_waited_for(browser, invoice, maintenance, monkeypatch):
    seen = []

    def look(*_):
        seen.append(maintenance._has_nobody_writing_within(0))
        return False

    filled_in = receipt(browser, invoice)
    monkeypatch.setattr("app.web.http.csrf.Csrf.is_genuine", look)
    filled_in.submit(expect_errors=True)

    assert seen == [False]
