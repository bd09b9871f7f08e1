"""Payments are recorded, moved, refunded and voided from forms that say what is wrong and lose nothing."""

from datetime import UTC, date, datetime

import pytest
from support.browser import PASSWORD, Browser
from support.records import LONG_AGO, a_customer, a_payment, a_user, an_invoice

from app.domain.permissions import Role
from app.store.db import tables


@pytest.fixture
def invoice(sqlite):
    return an_invoice("1001", total_cents=100_00, due_on=date(2026, 2, 1))


def form_of(browser, invoice, ending="/payments"):
    page = browser.get(f"/invoices/{invoice.id}")
    return next(form for form in page.forms.values() if form.action.endswith(ending))


def pay(browser, invoice, amount, **fields):
    form = form_of(browser, invoice)
    form["amount"] = amount
    for name, text in fields.items():
        form[name] = text
    return form.submit(expect_errors=True)


def words(page):
    return " ".join(page.html.main.get_text(" ").split())


def paid(invoice):
    return tables.InvoiceModel.get_by_id(invoice.id).paid_cents


def test_without_any_customer_the_page_says_what_to_do(browser):
    page = browser.get("/payments/new")

    assert "There are no customers yet, so nobody can have paid." in page.text
    assert page.click("enter the customer").request.path == "/customers/new"
    assert page.html.select("main form") == []


def test_the_form_foresees_the_whole_balance_of_today(browser, invoice):
    form = form_of(browser, invoice)

    assert (form["amount"].value, form["paid_on"].value) == ("100.00", "2026-03-02")


def test_a_payment_is_recorded_with_what_was_said_of_it(browser, user, invoice):
    pay(browser, invoice, "40.00", method="Card", reference="R 7", note="by phone", paid_on="2026-02-27")

    payment = tables.PaymentModel.get()
    assert (payment.amount_cents, payment.paid_on, payment.method, payment.reference, payment.note) == (
        40_00, date(2026, 2, 27), "Card", "R 7", "by phone",
    )  # fmt: skip
    assert (payment.recorded_by_id, payment.recorded_at) == (user.id, datetime(2026, 3, 2, 9, 30, tzinfo=UTC))


def test_a_payment_of_an_invoice_whose_currency_was_changed_meanwhile_is_refused_and_shown_in_the_new_one(
    browser, invoice
):
    form = form_of(browser, invoice)
    tables.InvoiceModel.update(currency="EUR").execute()

    page = form.submit(expect_errors=True)

    assert "Invoice 1001 is in EUR, not in USD: check the amount." in page.text
    again = next(form for form in page.forms.values() if form.action.endswith("/payments"))
    assert again.submit().follow().text.count("Recorded 100.00 EUR") == 1


def test_the_page_says_what_was_recorded_and_offers_to_undo_it(browser, invoice):
    page = pay(browser, invoice, "40.00").follow()

    assert "Recorded 40.00 USD for invoice 1001." in page.text
    assert "Undo: void the payment of 40.00 USD" in page.text


def test_a_form_that_is_sent_twice_records_one_payment(browser, invoice):
    form = form_of(browser, invoice)
    form["amount"] = "40.00"

    form.submit()
    again = form.submit()

    assert again.status_int == 303
    assert paid(invoice) == 40_00


def test_a_form_that_is_sent_again_with_another_amount_is_refused(browser, invoice):
    form = form_of(browser, invoice)
    form["amount"] = "40.00"
    form.submit()
    form["amount"] = "50.00"

    answer = form.submit(expect_errors=True)

    assert answer.status_int == 409
    assert "This form was sent before, with other values" in answer.text
    assert paid(invoice) == 40_00


def test_more_than_is_open_is_asked_about_and_nothing_typed_is_lost(browser, invoice):
    page = pay(browser, invoice, "120.00", reference="R 7")

    assert page.status_int == 422
    assert "Only 100.00 is open. Correct the amount, or keep the extra 20.00 as credit." in page.text
    assert "Keep the rest as credit of the customer" in page.text
    assert 'value="R 7"' in page.text
    assert paid(invoice) == 0


def test_what_is_more_is_kept_as_credit_when_that_is_ticked(browser, invoice):
    page = pay(browser, invoice, "120.00")
    form = next(form for form in page.forms.values() if form.action.endswith("/payments"))
    form["keep_credit"] = True

    shown = form.submit().follow()

    assert paid(invoice) == 120_00
    assert "Credit" in shown.text


@pytest.mark.parametrize(
    ("amount", "paid_on", "sentence"),
    [
        ("", "2026-03-02", "Please fill this in."),
        ("ten", "2026-03-02", "is not an amount. Write it like"),
        ("0", "2026-03-02", "Please write an amount of at least 0.01."),
        ("-5", "2026-03-02", "Please write an amount of at least 0.01."),
        ("10.00", "", "Please choose a day."),
        ("10.00", "1900-01-01", "1 Jan 1900 is too far from today to be right: correct the day."),
        ("10.00", "2026-03-03", "The day lies in the future: record money when it has come in."),
    ],
)
def test_what_cannot_be_recorded_is_said_beside_its_field(browser, invoice, amount, paid_on, sentence):
    page = pay(browser, invoice, amount, paid_on=paid_on)

    assert page.status_int == 422
    assert sentence in page.text
    assert paid(invoice) == 0


def test_the_same_payment_from_a_fresh_form_is_recorded_once_its_box_is_ticked(browser, invoice):
    pay(browser, invoice, "40.00", reference="R 7")

    page = pay(browser, invoice, "40.00", reference="r 7")

    assert page.status_int == 422
    question = page.html.select_one("#amount-error").get_text()
    assert "is recorded already, for 1001: is this the same payment?" in question
    assert paid(invoice) == 40_00
    form = next(form for form in page.forms.values() if form.action.endswith("/payments"))
    form["repeat_payment"] = True
    form.submit()
    assert paid(invoice) == 80_00


def test_what_is_too_much_and_a_repetition_is_asked_at_once(browser, invoice):
    pay(browser, invoice, "60.00")

    page = pay(browser, invoice, "60.00")
    form = next(form for form in page.forms.values() if form.action.endswith("/payments"))
    form["repeat_payment"], form["keep_credit"] = True, True
    form.submit()

    assert paid(invoice) == 120_00


def test_money_can_be_given_back_up_to_what_was_paid(browser, invoice):
    a_payment(invoice, 60_00)
    form = form_of(browser, invoice, "/refunds")
    form["amount"] = "60.01"
    refused = form.submit(expect_errors=True)

    form["amount"] = "25.00"
    form.submit()

    assert "No more can be refunded than was paid for invoice 1001. At most 60.00." in refused.text
    assert paid(invoice) == 35_00


def test_the_same_refund_is_asked_about_beside_its_amount(browser, invoice):
    a_payment(invoice, 60_00)
    for _ in range(2):
        form = form_of(browser, invoice, "/refunds")
        form["amount"] = "25.00"
        page = form.submit(expect_errors=True)
    again = next(form for form in page.forms.values() if form.action.endswith("/refunds"))
    again["repeat_payment"] = True

    again.submit()

    assert "is this the same refund?" in page.html.select_one("#refund-amount-error").get_text()
    assert paid(invoice) == 10_00


def test_credit_is_used_for_another_invoice_of_the_customer(browser, invoice):
    a_payment(invoice, 130_00)
    other = an_invoice("1002", invoice.customer, total_cents=50_00)
    form = form_of(browser, invoice, "/credit")
    assert form["amount"].value == "30.00"

    page = form.submit().follow()

    assert (paid(invoice), paid(other)) == (100_00, 30_00)
    assert "Undo: void the moved credit of 30.00 USD" in page.text.replace("\n    ", "")
    assert "Ann recorded moved credit of 30.00 to another invoice, on 2 Mar 2026" in words(page)
    assert "refund of" not in words(page)


def test_credit_that_was_moved_by_mistake_goes_back(browser, invoice):
    a_payment(invoice, 130_00)
    other = an_invoice("1002", invoice.customer, total_cents=50_00)
    page = form_of(browser, invoice, "/credit").submit().follow()
    undo = next(form for form in page.forms.values() if form.action.endswith("/void"))

    page = undo.submit().follow()

    assert "The moved credit was voided: it is back where it was." in page.text
    assert (paid(invoice), paid(other)) == (130_00, 0)


def test_a_statement_says_nothing_of_credit_that_was_moved(browser, invoice):
    a_payment(invoice, 130_00)
    an_invoice("1002", invoice.customer, total_cents=50_00)
    form_of(browser, invoice, "/credit").submit()

    text = words(browser.get(f"/customers/{invoice.customer.id}/statement?kind=activity"))

    assert "Refund" not in text
    assert text.count("Payment ") == 1
    assert "Closing balance 20.00" in text


def test_a_payment_is_voided_with_a_reason(browser, invoice):
    payment = a_payment(invoice, 40_00)
    form = form_of(browser, invoice, f"/payments/{payment.id}/void")
    refused = form.submit(expect_errors=True)
    form["reason"] = "wrong customer"

    page = form.submit().follow()

    assert "Please fill this in." in refused.text
    assert "The payment was voided." in page.text
    assert (paid(invoice), tables.PaymentModel.get().void_reason) == (0, "wrong customer")


def test_a_payment_that_does_not_exist_cannot_be_voided(browser):
    answer = browser.post("/payments/7/void", {"csrf_token": browser.csrf_token()}, expect_errors=True)

    assert answer.status_int == 404


class TestAReceiptForSeveral:
    @pytest.fixture
    def owed(self, sqlite):
        customer = a_customer()
        first = an_invoice("1001", customer, total_cents=100_00, due_on=date(2026, 1, 10))
        return first, an_invoice("1002", customer, total_cents=50_00, due_on=date(2026, 2, 10))

    def form(self, browser, customer):
        return browser.get(f"/payments/new?customer={customer.id}").forms["receipt"]

    def test_it_is_spread_over_the_oldest_on_request(self, browser, owed):
        form = self.form(browser, owed[0].customer)
        form["received"] = "120.00"

        page = form.submit("spread", expect_errors=True)

        spread = page.forms["receipt"]
        assert [spread[f"place:{invoice.id}"].value for invoice in owed] == ["100.00", "20.00"]

    def test_it_is_recorded_once_for_all(self, browser, owed):
        form = self.form(browser, owed[0].customer)
        form["received"] = "120.00"
        form[f"place:{owed[0].id}"] = "100.00"
        form[f"place:{owed[1].id}"] = "20.00"

        form.submit("record")
        form.submit("record")

        assert [paid(invoice) for invoice in owed] == [100_00, 20_00]
        assert len({payment.batch_key for payment in tables.PaymentModel.select()}) == 1

    def test_what_is_not_placed_is_asked_about(self, browser, owed):
        form = self.form(browser, owed[0].customer)
        form["received"] = "160.00"
        form[f"place:{owed[0].id}"] = "100.00"
        form[f"place:{owed[1].id}"] = "50.00"

        page = form.submit("record", expect_errors=True)

        assert "10.00 is not applied yet" in page.text
        again = page.forms["receipt"]
        again["keep_credit"] = True
        again.submit("record")
        assert [paid(invoice) for invoice in owed] == [100_00, 60_00]

    def test_more_placed_than_came_in_is_refused(self, browser, owed):
        form = self.form(browser, owed[0].customer)
        form["received"] = "100.00"
        form[f"place:{owed[0].id}"] = "100.00"
        form[f"place:{owed[1].id}"] = "0.01"

        page = form.submit("record", expect_errors=True)

        assert "0.01 more is applied below than was received." in page.text
        assert paid(owed[0]) == 0

    def test_more_placed_on_an_invoice_than_is_open_is_refused_at_it(self, browser, owed):
        form = self.form(browser, owed[0].customer)
        form["received"] = "120.00"
        form[f"place:{owed[0].id}"] = "120.00"

        page = form.submit("record", expect_errors=True)

        assert "Only 100.00 is open here." in page.text

    def test_nothing_is_placed_on_what_the_customer_does_not_owe(self, browser, owed):
        foreign = an_invoice("2001", a_customer("C2", "Bolt"))
        form = self.form(browser, owed[0].customer)
        form["received"] = "100.00"
        sent = {name: form[name].value for name in form.fields if name and name != "spread"}
        sent |= {"record": "", f"place:{owed[0].id}": "60.00", f"place:{foreign.id}": "40.00"}

        page = browser.post("/payments/new", sent, status=422)

        assert "An invoice that money was placed on is no longer owed" in page.text
        assert (paid(owed[0]), paid(foreign)) == (0, 0)

    def test_one_of_which_nothing_is_placed_is_spread_and_not_recorded_yet(self, browser, owed):
        form = self.form(browser, owed[0].customer)
        form["received"] = "120.00"

        page = form.submit("record")

        assert "Nothing is recorded yet." in page.text
        spread = page.forms["receipt"]
        assert [spread[f"place:{invoice.id}"].value for invoice in owed] == ["100.00", "20.00"]
        spread.submit("record")
        assert [paid(invoice) for invoice in owed] == [100_00, 20_00]

    def test_the_same_receipt_from_a_fresh_form_is_recorded_once_its_box_is_ticked(self, browser, owed):
        for _ in range(2):
            form = self.form(browser, owed[0].customer)
            form["received"] = "20.00"
            form[f"place:{owed[0].id}"] = "20.00"
            page = form.submit("record", expect_errors=True)

        assert "is this the same payment?" in page.html.select_one("#received-error").get_text()
        again = page.forms["receipt"]
        again["repeat_payment"] = True
        again.submit("record")
        assert paid(owed[0]) == 40_00

    def test_it_can_be_undone_where_it_is_shown(self, browser, owed):
        form = self.form(browser, owed[0].customer)
        form["received"] = "120.00"
        shown = form.submit("spread").forms["receipt"].submit("record").follow()
        assert "Undo: void these 2 payments" in shown.text
        undo = next(form for form in shown.forms.values() if form.action.endswith("/void"))

        page = undo.submit().follow()

        assert page.request.path == f"/customers/{owed[0].customer.id}"
        assert "The 2 payments that were recorded together were voided." in page.text
        assert [paid(invoice) for invoice in owed] == [0, 0]

    def test_undoing_is_offered_only_for_a_payment_of_the_customer_that_still_counts(self, browser, owed):
        foreign = a_payment(an_invoice("2001", a_customer("C2", "Bolt")))
        voided = a_payment(owed[0], voided_at=datetime(2026, 2, 4, tzinfo=UTC))

        for wanted in (foreign.id, voided.id, 999, "x"):
            assert "Undo" not in browser.get(f"/customers/{owed[0].customer.id}?recorded={wanted}").text

    def test_who_paid_may_be_archived(self, browser, owed):
        tables.CustomerModel.update(archived_at=LONG_AGO).execute()

        page = browser.get("/payments/new?who=acme", expect_errors=True)

        assert page.html.find(id="who-error").a["href"].startswith("/customers/")

    def test_who_paid_is_asked_first(self, browser, owed):
        page = browser.get("/payments/new")
        form = next(form for form in page.forms.values() if form.action == "/payments/new")
        form["who"] = "acme"

        assert form.submit().location.endswith(f"/payments/new?customer={owed[0].customer.id}")

    def test_it_is_of_one_currency(self, browser, owed):
        an_invoice("1003", owed[0].customer, currency="EUR", due_on=date(2026, 1, 1))
        page = browser.get(f"/payments/new?customer={owed[0].customer.id}&currency=USD")

        assert "1001" in page.text
        assert "1003" not in page.text


def test_payments_are_listed_with_their_sums_the_latest_first(browser, invoice):
    a_payment(invoice, 40_00, paid_on=date(2026, 2, 1))
    a_payment(invoice, 10_00, paid_on=date(2026, 2, 3))
    a_payment(invoice, 5_00, paid_on=date(2026, 2, 2), voided_at=datetime(2026, 2, 4, tzinfo=UTC))

    page = browser.get("/payments")

    rows = page.html.select("table[data-rows] tbody tr") if hasattr(page, "html") else []
    assert [row.select_one(".table__figure").get_text(" ", strip=True) for row in rows] == ["10.00 USD", "40.00 USD"]
    assert page.html.select_one(".table--totals tbody").get_text(" ", strip=True) == "USD 50.00"


def test_voided_payments_are_listed_when_asked_for(browser, invoice):
    a_payment(invoice, 5_00, voided_at=datetime(2026, 2, 4, tzinfo=UTC), void_reason="mistake")

    assert "Voided: mistake" in browser.get("/payments?voided=yes").text


def test_the_list_shows_a_payment_of_several_invoices_in_one_line(browser, invoice):
    other = an_invoice("1002", invoice.customer)
    a_payment(invoice, 1_118_93, batch_key="key", idempotency_key="key")
    a_payment(other, 381_07, batch_key="key")

    (row,) = browser.get("/payments?q=1500").html.select("tbody tr:has(details)")

    assert " ".join(row.get_text(" ").split()) == (
        "15 Jan 2026 2 invoices 1001 : 1,118.93 1002 : 381.07 Acme 1,500.00 USD"
    )


@pytest.mark.parametrize("query", ["q=1001", "q=acme", "q=40.00", "from=2026-01-15&to=2026-01-15", "method=Card"])
def test_payments_are_found_by_what_is_known_of_them(browser, invoice, query):
    a_payment(invoice, 40_00, paid_on=date(2026, 1, 15), method="Card")

    assert "1 payment" in browser.get(f"/payments?{query}").text
    assert "No payment matches." in browser.get("/payments?q=nothing").text


def test_a_viewer_sees_no_form_and_records_nothing(app, browser, invoice):
    a_user("vic@example.com", Role.VIEWER, "Vic", tables.UserModel.get().password_hash)
    viewer = Browser(app)
    viewer.sign_in("vic@example.com", PASSWORD)

    page = viewer.get(f"/invoices/{invoice.id}")
    form = {"csrf_token": viewer.csrf_token(), "amount": "1.00", "paid_on": "2026-03-02", "key": "k"}
    answer = viewer.post(f"/invoices/{invoice.id}/payments", form, expect_errors=True)

    assert "Record a payment" not in page.text
    assert (answer.status_int, paid(invoice)) == (403, 0)
