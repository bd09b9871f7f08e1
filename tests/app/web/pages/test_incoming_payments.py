"""Incoming payments that do not say for certain what they pay are answered on their page."""

from datetime import UTC, date, datetime

import pytest
from support.browser import QUICK_HASH, Browser
from support.records import a_customer, a_payment, a_user, an_invoice

from app.actions import incoming_payments
from app.domain.incoming_payment import IncomingFacts
from app.domain.permissions import Role, Scope
from app.store.access import users
from app.store.db import tables
from app.store.ledger.incoming_payments import received
from app.store.ledger.incoming_payments.suggestions import suggestions

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def acme(sqlite):
    return a_customer("C1", "Acme")


@pytest.fixture
def receive(user):
    """Bring in 100.00 USD of Acme without an invoice number, unless something else is said."""

    def receive_it(**values):
        facts = {"provider": "stripe", "provider_payment_id": "pi_1", "amount_cents": 100_00, "currency": "USD"}
        more = {"paid_on": date(2026, 3, 1), "reference": "Thank you", "payer": "Acme", "method": "Card"}
        facts = IncomingFacts(**(facts | more | values))
        return incoming_payments.receive(facts, user, NOW, date(2026, 3, 2))

    return receive_it


def form_of(page, end):
    return next(form for form in page.forms.values() if form.action.endswith(end))


def answers_in(page):
    """The form in which an invoice is searched for and the amounts are typed."""
    return next(form for form in page.forms.values() if "q" in form.fields)


def text_of(page):
    return " ".join(page.html.get_text(" ").split())


def paid(invoice):
    return tables.InvoiceModel.get_by_id(invoice.id).paid_cents


def test_a_question_says_what_came_in_and_why_it_is_one(browser, receive):
    receive()

    text = text_of(browser.get("/payments/incoming"))

    assert "100.00 USD from Acme, 1 Mar 2026 “Thank you” stripe, pi_1, Card" in text
    assert "Its reference holds no invoice number that is known here." in text


def test_an_invoice_of_the_payer_with_the_amount_is_one_click_away(browser, receive, acme):
    an_invoice("1001", acme, total_cents=300_00)
    meant = an_invoice("1002", acme, total_cents=100_00)
    receive()
    page = browser.get("/payments/incoming")

    answered = form_of(page, "/place").submit().follow()

    assert "Record for 1002 Acme: it is then paid same amount, and this payer" in text_of(page)
    assert (paid(meant), received.get(1).state) == (100_00, "recorded")
    assert "100.00 USD: It is recorded for invoice 1002." in text_of(answered)


def test_what_stays_open_and_what_becomes_credit_is_said_before_it_is_recorded(browser, receive, acme):
    an_invoice("1001", acme, total_cents=300_00)
    little = an_invoice("1002", acme, total_cents=60_00)
    receive(reference="Invoice 1002")
    page = browser.get("/payments/incoming")

    form_of(page, "/place").submit()

    assert "Record for 1002 Acme: 40.00 more than is open, kept as credit named in the reference" in text_of(page)
    assert "Record for 1001 Acme: 200.00 stays open this payer" in text_of(page)
    assert paid(little) == 100_00


def test_all_that_the_payer_owes_is_one_click_where_it_is_the_amount(browser, receive, acme):
    first, second = an_invoice("1001", acme, total_cents=70_00), an_invoice("1002", acme, total_cents=30_00)
    receive()
    page = browser.get("/payments/incoming")

    form_of(page, "/place").submit()

    assert (
        "Record for 1001, 1002 Acme; 1001: it is then paid; 1002: it is then paid all that this payer owes"
        in text_of(page)
    )
    assert (paid(first), paid(second)) == (70_00, 30_00)


def test_money_that_was_given_back_is_suggested_as_a_refund_of_the_invoice_that_it_names(browser, receive, acme):
    invoice = an_invoice("1001", acme)
    a_payment(invoice, 100_00)
    receive(amount_cents=-30_00, reference="1001")
    page = browser.get("/payments/incoming")

    form_of(page, "/place").submit()

    assert "Record a refund of 1001 Acme: 70.00 stays paid of 100.00 named in the reference" in text_of(page)
    assert paid(invoice) == 70_00


def test_what_somebody_owes_is_not_suggested_for_money_that_was_given_back(browser, receive, acme):
    an_invoice("1001", acme, total_cents=100_00)
    receive(amount_cents=-100_00)

    assert "Record a refund" not in text_of(browser.get("/payments/incoming"))


def test_another_invoice_is_searched_for_and_it_is_split_over_two(browser, receive):
    first, second = an_invoice("B1", a_customer("C2", "Bolt")), an_invoice("B2", a_customer("C3", "Cask"))
    receive()
    form = answers_in(browser.get("/payments/incoming/1"))
    form["q"] = "B"
    form = answers_in(form.submit("search"))
    form[f"place:{first.id}"], form[f"place:{second.id}"] = "60.00", "40.00"

    form.submit()

    assert (paid(first), paid(second)) == (60_00, 40_00)


def test_what_is_not_placed_in_full_is_said_and_what_was_typed_stays(browser, receive, acme):
    invoice = an_invoice("1001", acme)
    receive()
    form = answers_in(browser.get("/payments/incoming/1?q=1001"))
    form[f"place:{invoice.id}"] = "60.00"

    page = form.submit(expect_errors=True)

    assert page.status_int == 422
    assert "60.00 is placed, and 100.00 came in: place all of it." in text_of(page)
    again = answers_in(page)
    assert again[f"place:{invoice.id}"].value == "60.00"


def test_more_than_is_open_is_asked_about_beside_the_invoice(browser, receive, acme):
    invoice = an_invoice("1001", acme, total_cents=60_00)
    receive()
    form = answers_in(browser.get("/payments/incoming/1?q=1001"))
    form[f"place:{invoice.id}"] = "100.00"
    page = form.submit(expect_errors=True)

    again = answers_in(page)
    again["keep_credit"] = True
    again.submit()

    assert "Only 60.00 is open." in text_of(page)
    assert paid(invoice) == 100_00


def test_a_payment_that_is_recorded_already_is_recorded_again_only_when_that_is_said(browser, receive, acme):
    invoice = an_invoice("1001", acme, total_cents=300_00)
    a_payment(invoice, 100_00, paid_on=date(2026, 3, 1), reference="Thank you")
    receive()
    page = form_of(browser.get("/payments/incoming"), "/place").submit(expect_errors=True)

    again = answers_in(page)
    again["repeat_payment"] = True
    again.submit()

    assert "is this the same payment?" in text_of(page)
    assert paid(invoice) == 200_00


def test_it_is_kept_as_credit_of_a_customer(browser, receive, acme):
    an_invoice("1001", acme)
    receive()
    form = form_of(browser.get("/payments/incoming/1"), "/credit")

    page = form.submit().follow()

    assert form["customer"].value == "Acme"
    assert "100.00 USD: It is recorded for invoice Advance 2026-03-01." in text_of(page)


def test_a_customer_that_there_is_not_is_said_beside_the_field(browser, receive):
    receive()

    page = form_of(browser.get("/payments/incoming/1"), "/credit").submit(expect_errors=True)

    assert page.status_int == 422
    assert "There is no such customer: choose one of the list." in text_of(page)


def test_a_dismissal_needs_a_reason_and_can_be_undone(browser, receive):
    receive()
    form = form_of(browser.get("/payments/incoming/1"), "/dismiss")
    refused = form.submit(expect_errors=True)
    form["reason"] = "Private"
    form.submit()

    listed = browser.get("/payments/incoming?state=dismissed")
    form_of(listed, "/reopen").submit()

    assert refused.status_int == 422
    assert "Private" in text_of(listed)
    assert received.get(1).state == "question"


def test_what_somebody_else_has_answered_is_not_recorded_twice(browser, receive, user, acme):
    invoice = an_invoice("1001", acme)
    receive()
    form = form_of(browser.get("/payments/incoming"), "/place")
    incoming_payments.place(1, {invoice.id: 100_00}, user, NOW, date(2026, 3, 2))

    answer = form.submit(expect_errors=True)

    assert answer.status_int == 409
    assert "This has been answered already. It is recorded for invoice 1001." in text_of(answer)


def test_the_menu_and_the_dashboard_say_how_many_wait(browser, receive, acme):
    an_invoice("1001", acme)
    receive()
    receive(provider_payment_id="pi_2")

    page = browser.get("/")

    assert "Payments 2 questions about incoming payments" in text_of(page)
    assert "2 incoming payments wait for an answer: say what they pay." in text_of(page)


def test_without_questions_the_menu_says_nothing_of_them(browser, receive, acme):
    an_invoice("1001", acme)
    receive(reference="Invoice 1001")

    assert "incoming payment" not in text_of(browser.get("/"))


def test_the_list_and_the_invoice_say_where_the_payment_came_from(browser, receive, acme):
    an_invoice("1001", acme)
    receive(reference="Invoice 1001")

    assert "Invoice 1001 Came in from stripe 100.00 USD" in text_of(browser.get("/payments"))
    invoice = text_of(browser.get("/invoices/1"))
    assert "Came in from stripe, pi_1" in invoice
    assert "Ann recorded a payment of 100.00, paid on 1 Mar 2026, from stripe" in invoice


def test_what_was_recorded_by_itself_is_voided_as_any_payment(browser, receive, acme):
    an_invoice("1001", acme)
    receive(reference="Invoice 1001")
    page = browser.get("/payments/incoming?state=recorded").click("1001")
    form = form_of(page, "/void")
    form["reason"] = "Wrong invoice"

    form.submit()

    question = text_of(browser.get("/payments/incoming/1"))
    assert "What it was recorded as was voided: Wrong invoice" in question
    assert "1001 of Acme: 100.00 (voided)" in question


def test_with_a_scope_only_what_is_recorded_within_it_is_shown(app, receive, acme):
    an_invoice("1001", acme)
    an_invoice("1002", a_customer("C2", "Bolt"))
    bob = a_user("bob@example.com", Role.ACCOUNTANT, "Bob", QUICK_HASH)
    users.set_scope(bob.id, Scope(customers=frozenset({acme.id})))
    receive(reference="Invoice 1001")
    receive(reference="Invoice 1002", provider_payment_id="pi_2")
    receive(provider_payment_id="pi_3")
    browser = Browser(app)
    browser.sign_in("bob@example.com")

    for state in ("recorded", "question", "dismissed"):
        text = text_of(browser.get(f"/payments/incoming?state={state}"))
        assert ("pi_1" in text, "pi_2" in text, "pi_3" in text) == (state == "recorded", False, False)
    for hidden in (2, 3):
        assert browser.get(f"/payments/incoming/{hidden}", expect_errors=True).status_int == 404


def test_suggestions_take_as_many_queries_for_one_question_as_for_ten(sqlite, receive, acme, count_queries):
    an_invoice("1001", acme)
    asked = [receive(provider_payment_id=f"pi_{number}") for number in range(10)]

    assert count_queries(asked[:1]) == count_queries(asked) == 3


@pytest.fixture
def count_queries(monkeypatch):
    def counted(asked):
        queries = []
        execute = tables.database.execute_sql
        with monkeypatch.context() as patch:
            patch.setattr(tables.database.obj, "execute_sql", lambda *sql: queries.append(sql) or execute(*sql))
            suggestions(asked)
        return len(queries)

    return counted


def test_an_amount_of_zero_can_only_be_dismissed(browser, receive):
    receive(amount_cents=0)

    page = browser.get("/payments/incoming/1")

    assert [form.action for form in page.forms.values() if "/payments/incoming/" in form.action] == [
        "/payments/incoming/1/dismiss"
    ]
