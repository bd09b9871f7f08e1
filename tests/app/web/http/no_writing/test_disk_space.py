"""When room on the disk is scarce nothing is entered any more, and everything can still be read."""

from datetime import UTC, datetime

import pytest
from support.browser import PASSWORD, Browser
from support.records import a_user, an_invoice

from app.actions import api_tokens as token_actions
from app.domain.permissions import API_RIGHTS, EVERYTHING, Role
from app.store.access import users
from app.store.access.api_tokens import TokenFacts
from app.store.db import tables
from app.web.application import build

MORE_THAN_ANY_DISK = 10**12  # megabytes
WARNING = "The disk of the server is full: nothing can be entered until there is room again."


@pytest.fixture
def invoice(sqlite):
    return an_invoice("1001", total_cents=100_00)


@pytest.fixture
def full(settings, user, clock):
    """A browser in which an admin is signed in, of a server that has no room."""
    signed_in = Browser(build(settings.model_copy(update={"disk_reserve_megabytes": MORE_THAN_ANY_DISK}), clock))
    signed_in.sign_in()
    return signed_in


def receipt(browser, invoice):
    page = browser.get(f"/invoices/{invoice.id}")
    form = next(form for form in page.forms.values() if form.action.endswith("/payments"))
    form["amount"] = "40.00"
    return form.submit(expect_errors=True)


def test_a_receipt_is_refused_with_what_to_do_and_nothing_is_stored(full, invoice):
    page = receipt(full, invoice)

    assert page.status_int == 507
    assert "Nothing was saved. Please tell the operator of this site; what is there can still be read." in page.text
    assert tables.PaymentModel.select().count() == 0


def test_every_page_says_that_nothing_can_be_entered(full):
    pages = [" ".join(full.get(path).text.split()) for path in ("/", "/invoices", "/customers")]

    assert [WARNING in page for page in pages] == [True, True, True]


def test_nobody_is_warned_while_there_is_room(browser):
    assert WARNING not in browser.get("/").text


def test_a_stranger_is_not_told_of_the_disk(full):
    assert WARNING not in Browser(full.app).get("/sign-in").text


def test_who_left_can_still_be_kept_out(full, user):
    other = a_user("bob@example.com", Role.VIEWER)
    page = full.get(f"/users/{other.id}")

    form = next(form for form in page.forms.values() if form.action.endswith("/deactivate"))
    form["current"] = PASSWORD
    form.submit().follow()

    assert users.get(other.id).active is False


def test_everything_can_still_be_exported(full, invoice):
    assert "1001" in full.get("/invoices.csv").text


def test_a_program_is_refused_before_its_request_is_kept(full, user, invoice, clock):
    token = token_actions.create(TokenFacts("n8n", API_RIGHTS, None, EVERYTHING), user, clock())
    sent = {"Authorization": f"Bearer {token}", "Idempotency-Key": "one"}
    body = {"paid_on": "2026-03-01", "amounts": [{"invoice_id": invoice.id, "amount_cents": 40_00}]}

    answer = full.post_json("/api/v1/payments", body, headers=sent, expect_errors=True)

    assert (answer.status_int, answer.json["title"]) == (507, "The disk of the server is full")
    assert tables.ApiRequestModel.select().count() == 0


def test_a_page_is_shown_though_its_reader_cannot_be_noted(browser, clock, sqlite):
    sqlite.execute_sql("CREATE TABLE ballast (bytes)")
    sqlite.execute_sql(
        "CREATE TRIGGER grow AFTER UPDATE ON logins BEGIN INSERT INTO ballast VALUES (zeroblob(1000000)); END"
    )
    sqlite.execute_sql("PRAGMA max_page_count = 1")  # as many as there are
    clock.advance(minutes=2)

    assert browser.get("/").status_int == 200
    assert tables.LoginModel.get().last_seen_at == datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
