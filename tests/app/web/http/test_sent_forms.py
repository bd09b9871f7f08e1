"""Nothing that was typed is lost when a form is refused: it is shown, and sent again with one click."""

import psycopg
import pytest
from support.browser import Browser
from support.records import an_invoice

from app.store.db.tables import PaymentModel

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

    asked = form.submit(headers=OUR_PAGE)

    assert asked.status_int == 303
    assert asked.location.startswith("/sign-in")


def test_what_was_changed_on_its_way_through_signing_in_is_left_out(app, user):
    stranger = Browser(app)
    form = stranger.get("/sign-in").forms[0]
    fields = dict(form.submit_fields()) | {"email": "ann@example.com", "password": "correct horse battery"}

    assert stranger.post("/sign-in", {**fields, "sent": '["//evil.example", 7]'}).status_int == 303
