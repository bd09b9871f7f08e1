"""Nothing that was typed is lost when a form is refused: it is shown, and sent again with one click."""

import psycopg
import pytest
from support.browser import Browser
from support.records import an_invoice
from webtest import Upload

from app.store.db.tables import PaymentModel
from app.web.auth.access_policy import AccessPolicy
from app.web.http.no_writing.disk_space import DiskSpace

OUR_PAGE = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def payment(browser):
    """The filled form of a payment, not sent yet."""
    invoice = an_invoice()
    [form] = [one for one in browser.get(f"/invoices/{invoice.id}").forms.values() if one.action.endswith("/payments")]
    form["amount"], form["note"] = "12.34", "by cheque"
    return form


def sent(form, **options):
    return form.submit(headers={**OUR_PAGE, "Referer": "http://localhost:80/invoices/1?as_of="}, **options)


def sent_again(page):
    [form] = [one for one in page.forms.values() if one.action.endswith("/payments")]
    return form.submit(headers=OUR_PAGE)


def recorded():
    return [(payment.amount_cents, payment.note) for payment in PaymentModel.select()]


def test_who_was_signed_out_meanwhile_signs_in_and_sends_it_again(payment, browser, clock):
    clock.advance(minutes=31)

    asked = sent(payment, expect_errors=True)
    assert asked.status_int == 401
    assert "You were signed out, and nothing was saved yet." in asked

    asked.forms[0]["email"], asked.forms[0]["password"] = "ann@example.com", "correct horse battery"
    shown = asked.forms[0].submit()
    assert "12.34" in shown
    assert "by cheque" in shown
    assert recorded() == []

    sent_again(shown)
    assert recorded() == [(12_34, "by cheque")]


def test_a_wrong_password_on_the_way_loses_nothing(payment, clock):
    clock.advance(minutes=31)
    asked = sent(payment, expect_errors=True)

    asked.forms[0]["email"], asked.forms[0]["password"] = "ann@example.com", "wrong"
    asked = asked.forms[0].submit(expect_errors=True)
    asked.forms[0]["password"] = "correct horse battery"

    sent_again(asked.forms[0].submit())
    assert recorded() == [(12_34, "by cheque")]


def test_a_form_of_before_a_new_sign_in_is_sent_again(payment, browser):
    browser.reset()
    browser.sign_in()

    refused = sent(payment, expect_errors=True)
    assert refused.status_int == 403
    assert "by cheque" in refused
    assert refused.html.find("a", string="Back to the page, without sending it")["href"] == "/invoices/1?as_of="

    sent_again(refused)
    assert recorded() == [(12_34, "by cheque")]


def test_what_is_sent_while_an_import_is_written_is_sent_again(payment, monkeypatch):
    def wait(*_, **__):
        raise psycopg.errors.LockNotAvailable("canceling statement due to lock timeout")

    with monkeypatch.context() as patch:
        patch.setattr("app.actions.payments.record", wait)
        refused = sent(payment, expect_errors=True)
    assert refused.status_int == 503

    sent_again(refused)
    assert recorded() == [(12_34, "by cheque")]


def test_what_somebody_else_s_page_sends_is_not_shown(payment, browser):
    browser.reset()
    browser.sign_in()

    refused = payment.submit(headers={"Sec-Fetch-Site": "cross-site"}, expect_errors=True)

    assert refused.status_int == 403
    assert "by cheque" not in refused


def test_no_password_is_shown_or_kept(browser, app, clock):
    form = next(one for one in browser.get("/account").forms.values() if "password_again" in one.fields)
    form["current"] = form["password"] = form["password_again"] = "a secret that nobody guesses"
    clock.advance(minutes=31)

    asked = form.submit(headers=OUR_PAGE, expect_errors=True)

    assert asked.status_int == 401
    assert "a secret that nobody guesses" not in asked
    assert note(asked) == (
        "You were signed out, and nothing was saved. Please fill in the form again: passwords are never kept."
    )


def note(page):
    return " ".join(page.html.select_one(".note").text.split())


def signed_in_again(asked):
    asked.forms[0]["email"], asked.forms[0]["password"] = "ann@example.com", "correct horse battery"
    return asked.forms[0].submit()


def test_a_file_has_to_be_chosen_again_and_the_rest_is_kept(payment, browser, clock):
    clock.advance(minutes=31)
    fields = [(name, value) for name, value in payment.submit_fields() if name]

    asked = browser.post(
        payment.action, fields, upload_files=[("slip", "slip.pdf", b"%PDF")], headers=OUR_PAGE, expect_errors=True
    )
    assert note(asked) == (
        "You were signed out, and nothing was saved yet. Sign in, then choose the file again: it was not kept, and "
        "what else you entered is."
    )

    shown = signed_in_again(asked)
    assert "by cheque" in shown
    assert "The file was not kept: go back to the page and choose it again." in shown
    assert "Send again" not in shown


@pytest.mark.parametrize("size", [1_000, 200_000])
def test_a_workbook_that_is_sent_alone_has_to_be_chosen_again(browser, clock, size):
    form = browser.get("/imports").forms["upload"]
    form["workbook"] = Upload("march.xlsx", b"x" * size)
    clock.advance(minutes=31)

    asked = form.submit(headers=OUR_PAGE, expect_errors=True)

    assert asked.status_int == 401
    assert "choose the file again" in note(asked)


def test_what_is_too_large_to_be_kept_is_said_to_be_lost(payment, clock):
    payment["note"] = "x" * 100_000
    clock.advance(minutes=31)

    asked = payment.submit(headers={**OUR_PAGE, "Referer": "http://localhost:80/invoices/1"}, expect_errors=True)

    assert note(asked) == (
        "You were signed out, and nothing was saved. Please fill in the form again: it was too large to be kept."
    )
    assert signed_in_again(asked).location == "/invoices/1"


def test_a_form_that_may_be_large_is_kept_like_any_other(browser, clock):
    customer = an_invoice().customer_id
    form = next(
        one for one in browser.get(f"/payments/new?customer={customer}").forms.values() if "received" in one.fields
    )
    form["received"] = "12.34"
    clock.advance(minutes=31)

    assert "12.34" in signed_in_again(form.submit(headers=OUR_PAGE, expect_errors=True))


def test_what_grows_by_being_quoted_comes_through_signing_in(payment, clock):
    payment["note"] = '"' * 30_000
    clock.advance(minutes=31)

    assert "&#34;" * 30_000 in signed_in_again(payment.submit(headers=OUR_PAGE, expect_errors=True))


def test_a_file_that_is_refused_has_to_be_chosen_again(browser, monkeypatch):
    form = browser.get("/imports").forms["upload"]
    form["workbook"] = Upload("march.xlsx", b"x" * 1_000)
    browser.reset()
    browser.sign_in()

    refused = form.submit(headers=OUR_PAGE, expect_errors=True)

    assert refused.status_int == 403
    assert "The file was not kept: go back to the page and choose it again." in refused


def test_what_is_too_large_for_a_form_is_said_to_be_lost(payment):
    payment["note"] = "x" * 100_000

    refused = payment.submit(headers=OUR_PAGE, expect_errors=True)

    assert refused.status_int == 413
    assert "Please fill in the form again: it was too large to be kept." in refused


def test_a_form_that_was_refused_before_it_was_read_is_said_to_be_lost(payment, monkeypatch):
    def fail(*_):
        raise psycopg.OperationalError("connection refused")

    monkeypatch.setattr(AccessPolicy, "has_to_enrol", fail)
    refused = sent(payment, expect_errors=True)

    assert refused.status_int == 503
    assert "Please fill in the form again: it was not kept." in refused


def test_what_is_refused_by_a_full_disk_is_kept(payment, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(DiskSpace, "is_scarce", True)
        refused = sent(payment, expect_errors=True)
    assert refused.status_int == 507

    sent_again(refused)
    assert recorded() == [(12_34, "by cheque")]


def test_a_form_as_large_as_its_page_allows_is_read(browser):
    picked = [(f"pick:{number}", "yes") for number in range(1, 15_000)]

    fields = [("csrf_token", browser.csrf_token()), ("action", "dispute"), *picked]
    page = browser.post("/invoices/bulk", fields, expect_errors=True)

    assert "At most 1,000 invoices can be changed at once" in page


def test_what_was_changed_on_its_way_through_signing_in_is_left_out(app, user):
    stranger = Browser(app)
    form = stranger.get("/sign-in").forms[0]
    fields = dict(form.submit_fields()) | {"email": "ann@example.com", "password": "correct horse battery"}

    assert stranger.post("/sign-in", {**fields, "sent": '["//evil.example", 7]'}).status_int == 303
