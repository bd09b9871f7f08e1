"""Money that pays no invoice yet is recorded as credit of the customer, and offered where it can be used."""

from datetime import date

import pytest
from support.records import a_customer, an_invoice

from app.store.db import tables


@pytest.fixture
def customer(sqlite):
    return a_customer("C1", "Acme")


def form_for(browser, customer):
    page = browser.get(f"/payments/advance?customer={customer.id}")
    return next(form for form in page.forms.values() if form.action == "/payments/advance")


def record(browser, customer, amount="150.00", **values):
    form = form_for(browser, customer)
    form["amount"] = amount
    for name, text in values.items():
        form[name] = text
    return form.submit(expect_errors=True)


def test_a_customer_who_owes_nothing_can_pay_in_advance(browser, customer):
    page = browser.get(f"/payments/new?customer={customer.id}").click("Record an advance payment")

    assert "Advance payment from Acme" in page.text


def test_money_that_pays_none_of_the_open_invoices_can_be_an_advance_payment(browser, customer):
    an_invoice("1001", customer)

    page = browser.get(f"/payments/new?customer={customer.id}").click("record an advance payment")

    assert "Advance payment from Acme" in page.text


def test_an_advance_payment_is_credit_on_the_page_of_the_customer(browser, customer):
    page = record(browser, customer, paid_on="2026-02-27", method="Card", reference="R 7").follow()

    payment = tables.PaymentModel.get()
    assert (payment.amount_cents, payment.paid_on, payment.method, payment.reference) == (
        150_00, date(2026, 2, 27), "Card", "R 7",
    )  # fmt: skip
    assert "Recorded 150.00 USD as credit of Acme." in page.text
    assert "150.00 USD on Advance 2026-02-27" in " ".join(page.html.find(id="credits").parent.get_text(" ").split())


def test_an_advance_payment_is_undone_at_once(browser, customer):
    page = record(browser, customer).follow()

    undo = next(form for form in page.forms.values() if form.action.endswith("/void"))
    undone = undo.submit().follow()

    assert "The payment was voided." in undone.text
    assert undone.html.find(id="credits") is None


def test_an_open_invoice_says_which_credit_could_pay_it(browser, customer):
    record(browser, customer)
    invoice = an_invoice("1001", customer, total_cents=100_00)

    page = browser.get(f"/invoices/{invoice.id}").click("use it from Advance 2026-03-02")

    assert "Use the credit" in page.text


def test_an_invoice_in_another_currency_says_nothing_of_the_credit(browser, customer):
    record(browser, customer)
    invoice = an_invoice("1001", customer, currency="EUR")

    assert "of credit" not in browser.get(f"/invoices/{invoice.id}").text


def test_the_currency_can_be_chosen_where_there_are_several(browser, customer):
    an_invoice("1001", customer, currency="EUR")

    record(browser, customer, currency="EUR")

    assert [
        invoice.currency for invoice in tables.InvoiceModel.select().where(tables.InvoiceModel.total_cents == 0)
    ] == ["EUR"]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"amount": ""}, "Please fill this in."),
        ({"amount": "0"}, "Please write an amount of at least 0.01."),
        ({"paid_on": "2026-03-03"}, "The day lies in the future: record money when it has come in."),
        ({"paid_on": "1900-01-01"}, "1 Jan 1900 is too far from today to be right: correct the day."),
    ],
    ids=["no amount", "zero", "in the future", "too long ago"],
)
def test_what_cannot_be_is_refused_and_what_was_typed_stays(browser, customer, values, sentence):
    page = record(browser, customer, **{"amount": "150.00", "reference": "R 7", **values})

    assert page.status_code == 422
    assert sentence in page.text
    assert page.html.find("input", {"name": "reference"})["value"] == "R 7"
    assert tables.InvoiceModel.select().count() == 0


def test_the_next_number_of_an_invoice_does_not_follow_an_advance_payment(browser, customer):
    an_invoice("2026-001", customer, issued_on=date(2026, 1, 1), due_on=date(2026, 1, 31))
    record(browser, customer)

    assert browser.get("/invoices/new").html.find(id="number")["value"] == "2026-002"
