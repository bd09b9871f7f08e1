"""Invoices are written and changed from forms that say what is wrong, lose nothing, and notice who was faster."""

from datetime import UTC, date, datetime

import pytest
from support.records import LONG_AGO, a_customer, a_payment, a_user, an_import, an_imported_row, an_invoice

from app.domain.confirmation import Confirmation
from app.store.access import audit
from app.store.db import tables
from app.store.db.transactions import transaction


@pytest.fixture
def acme(sqlite):
    return a_customer("C1", "Acme", terms_days=14)


def new_form(browser, customer=None):
    page = browser.get(f"/invoices/new?customer={customer.id}" if customer else "/invoices/new")
    return next(form for form in page.forms.values() if form.action == "/invoices")


def edit_form(browser, invoice):
    page = browser.get(f"/invoices/{invoice.id}/edit")
    return next(form for form in page.forms.values() if form.action.endswith("/edit"))


def say_form(browser, invoice, change):
    page = browser.get(f"/invoices/{invoice.id}")
    forms = (form for form in page.forms.values() if form.action.endswith("/status"))
    return next(form for form in forms if form["change"].value == change)


def test_a_new_invoice_is_foreseen_from_the_latest_and_the_customers_terms(browser, acme):
    an_invoice("2026-0099", acme, ledger="Branch North")

    form = new_form(browser, acme)

    foreseen = {name: form[name].value for name in ("who", "number", "issued_on", "due_on", "currency", "ledger")}
    assert foreseen == {
        "who": "Acme (C1)",
        "number": "2026-0100",
        "issued_on": "2026-03-02",
        "due_on": "2026-03-16",
        "currency": "USD",
        "ledger": "Branch North",
    }


def test_an_invoice_is_written_with_what_was_said(browser, acme):
    form = new_form(browser)
    for name, text in {"who": "acme", "number": "7", "total": "1,234.50", "reference": "PO 1", "notes": "a\nb"}.items():
        form[name] = text

    page = form.submit().follow()

    assert "Invoice 7 was entered." in page.text
    row = tables.InvoiceModel.get()
    assert (row.number, row.customer_id, row.total_cents, row.reference, row.notes, row.draft) == (
        "7", acme.id, 1_234_50, "PO 1", "a\nb", False,
    )  # fmt: skip


def test_a_draft_counts_nowhere_until_it_is_issued(browser, acme):
    form = new_form(browser, acme)
    form["number"], form["total"], form["draft"] = "7", "50.00", True
    page = form.submit().follow()
    assert "Draft" in page.text

    edit = edit_form(browser, tables.InvoiceModel.get())
    edit["draft"] = False
    edit.submit()

    assert not tables.InvoiceModel.get().draft


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("who", "", "Please fill this in."),
        ("who", "Nobody", "There is no such customer"),
        ("who", "A", "More than one customer matches: Acme (C1); Apex (C2)."),
        ("number", "", "Please fill this in."),
        ("total", "12,34", "is not an amount. Write it like"),
        ("currency", "EURO", "Please use at most 3 characters."),
        ("currency", "E1", "Please write the three letters of a currency, such as USD."),
        ("currency", "XYZ", "There is no currency XYZ: write its code, such as USD."),
        ("total", "0", "Nothing is owed on a total of zero: write the total of the invoice."),
        ("issued_on", "yesterday", "is not a day"),
        ("issued_on", "1900-01-01", "1 Jan 1900 is too far from today to be right: correct the day."),
        ("due_on", "2199-01-01", "1 Jan 2199 is too far from today to be right: correct the day."),
        ("due_on", "2026-03-01", "It cannot be due before it is issued."),
        ("ledger", "", "Please fill this in."),
    ],
)
def test_what_cannot_be_read_is_said_and_what_was_typed_stays(browser, acme, name, text, sentence):
    a_customer("C2", "Apex")
    form = new_form(browser, acme)
    form["number"], form["total"], form["reference"] = "7", "50.00", "PO 77"
    form[name] = text

    page = form.submit(expect_errors=True)

    assert page.status_int == 422
    assert sentence in page.text
    assert 'value="PO 77"' in page.text
    assert tables.InvoiceModel.select().count() == 0


def ask(browser, form, box):
    """Send the form, then again as it comes back with the box ticked; return both answers."""
    page = form.submit(expect_errors=True)
    again = next(one for one in page.forms.values() if one.action == form.action)
    again[box] = True
    return page, again.submit(expect_errors=True)


@pytest.mark.parametrize(
    ("name", "text", "sentence", "box"),
    [
        ("number", "J-1", "This number is used by Juniper Printing too", "repeat_number"),
        ("currency", "EUR", "No invoice is in EUR yet", "new_currency"),
        ("total", "-3", "A total below zero makes this a credit note", "credit_note"),
        ("issued_on", "2026-12-01", "This day is far ahead", "far_ahead"),
    ],
)
def test_what_is_seldom_right_is_asked_beside_its_field_and_saved_once_its_box_is_ticked(
    browser, acme, name, text, sentence, box
):
    an_invoice("J-1", a_customer("C2", "Juniper Printing"))
    form = new_form(browser, acme)
    form["number"], form["total"], form["due_on"] = "7", "50.00", "2026-12-31"
    form[name] = text

    page, answer = ask(browser, form, box)

    assert page.status_int == 422
    assert page.html.select_one(f"#{name}-error").get_text().startswith(sentence)
    assert answer.status_int == 303
    assert tables.InvoiceModel.select().count() == 2


def test_a_ticked_box_confirms_only_what_it_was_asked_about(browser, acme):
    bolt = a_customer("C2", "Bolt")
    an_invoice("J-1", bolt)
    an_invoice("J-2", bolt)
    form = new_form(browser, acme)
    form["number"], form["total"] = "J-1", "50.00"
    page = form.submit(expect_errors=True)
    again = next(one for one in page.forms.values() if one.action == "/invoices")
    again["repeat_number"], again["number"] = True, "J-2"

    page = again.submit(expect_errors=True)

    assert "This number is used by Bolt too" in page.html.select_one("#number-error").get_text()
    assert "checked" not in page.html.select_one("#repeat_number").attrs
    assert tables.InvoiceModel.select().count() == 2


def test_a_box_that_was_ticked_stays_ticked_while_something_else_is_wrong(browser, acme):
    an_invoice("J-1", a_customer("C2", "Bolt"))
    form = new_form(browser, acme)
    form["number"], form["total"] = "J-1", "50.00"
    page = form.submit(expect_errors=True)
    again = next(one for one in page.forms.values() if one.action == "/invoices")
    again["repeat_number"], again["total"] = True, "5o"

    page = again.submit(expect_errors=True)

    assert "checked" in page.html.select_one("#repeat_number").attrs


def test_a_total_below_what_was_paid_is_saved_once_it_is_said_that_the_rest_becomes_credit(browser, acme):
    invoice = an_invoice("1001", acme, total_cents=100_00)
    a_payment(invoice, 40_00)
    form = edit_form(browser, invoice)
    form["total"] = "30.00"

    page, _ = ask(browser, form, "keep_credit")

    assert page.html.select_one("#total-error").get_text() == (
        "40.00 USD was paid for it: correct the total, or let the extra 10.00 become credit."
    )
    assert tables.InvoiceModel.get().total_cents == 30_00


def test_all_that_is_wrong_with_the_days_is_said_at_once_with_all_else(browser, acme):
    form = new_form(browser, acme)
    form["number"], form["issued_on"], form["due_on"], form["total"] = "", "2199-01-01", "1900-01-01", "1oo"

    page = form.submit(expect_errors=True)

    assert [error["id"] for error in page.html.select(".form__error")] == [
        "number-error", "issued_on-error", "due_on-error", "total-error",
    ]  # fmt: skip


def test_a_box_is_not_shown_before_it_answers_a_question(browser, acme):
    form = new_form(browser, acme)

    assert not {one.value for one in Confirmation} & set(form.fields)


def test_a_number_that_the_customer_has_already_leads_to_that_invoice(browser, acme):
    taken = an_invoice("A-7", acme)
    form = new_form(browser, acme)
    form["number"], form["total"] = "a-7", "50.00"

    page = form.submit(expect_errors=True)

    assert "This customer has an invoice with this number already." in page.text
    assert f'href="/invoices/{taken.id}"' in page.text


def test_an_edit_changes_what_was_said_and_is_told_in_the_history(browser, acme):
    invoice = an_invoice("1001", acme, total_cents=100_00)
    form = edit_form(browser, invoice)
    form["total"], form["due_on"] = "120.00", "2026-02-15"

    page = form.submit().follow()

    row = tables.InvoiceModel.get()
    assert (row.total_cents, row.due_on, row.version) == (120_00, date(2026, 2, 15), 2)
    assert "Ann edited it" in page.text
    assert "total: 100.00 → 120.00" in page.text
    assert "due: 31 Jan 2026 → 15 Feb 2026" in page.text


def entered(browser, **typed):
    form = invoice_form(browser.get("/invoices/new"))
    for name, text in {"number": "7", "total": "100", "due_on": "2026-04-01", **typed}.items():
        form[name] = text
    return form.submit(expect_errors=True)


def invoice_form(page):
    return next(form for form in page.forms.values() if "total" in form.fields)


def test_a_new_customer_is_added_with_the_invoice_and_nothing_is_typed_twice(browser, acme):
    page = entered(browser, who="Zenith Ltd")
    assert invoice_form(page)["total"].value == "100"

    form = invoice_form(page)
    form["new_customer"] = True
    page = form.submit().follow()

    assert "Invoice 7 was entered." in page
    assert tables.CustomerModel.get(tables.CustomerModel.name == "Zenith Ltd").code == "Zenith Ltd"


def test_a_customer_is_not_added_where_the_invoice_is_refused(browser, acme):
    form = invoice_form(entered(browser, who="Zenith Ltd"))
    form["new_customer"], form["total"] = True, "lots"

    page = form.submit(expect_errors=True)

    assert invoice_form(page)["new_customer"].checked
    assert tables.CustomerModel.select().count() == 1


def test_a_box_for_one_name_adds_no_other(browser, acme):
    form = invoice_form(entered(browser, who="Zenith Ltd"))
    form["new_customer"], form["who"] = True, "Zenit Ltd"

    assert form.submit(expect_errors=True).status_int == 422
    assert tables.CustomerModel.select().count() == 1


def test_an_archived_customer_is_said_to_be_archived_with_a_link(browser, acme):
    tables.CustomerModel.update(archived_at=LONG_AGO).execute()

    page = entered(browser, who="Acme")

    error = page.html.find(id="who-error")
    assert "Acme is archived" in error.text
    assert error.a["href"] == "/customers/1"
    assert "new_customer" not in invoice_form(page).fields


def test_whoever_was_slower_sees_what_the_other_saved_and_loses_nothing(browser, acme):
    invoice = an_invoice("1001", acme)
    slower, faster = edit_form(browser, invoice), edit_form(browser, invoice)
    faster["notes"] = "called on Monday"
    faster.submit()
    slower["notes"] = "sends cheque"

    page = slower.submit(expect_errors=True)

    assert page.status_int == 409
    told = " ".join(page.html.select_one("[role=alert]").get_text(" ").split())
    assert told.startswith(
        "Ann saved this invoice on 2 Mar 2026, 09:30 while you were editing. Differences are marked."
    )
    assert told.endswith("Field Saved by Ann Typed by you Notes called on Monday sends cheque")
    assert tables.InvoiceModel.get().notes == "called on Monday"

    again = next(form for form in page.forms.values() if form.action.endswith("/edit"))
    again.submit()
    assert tables.InvoiceModel.get().notes == "sends cheque"


def test_what_differs_from_what_was_saved_meanwhile_is_marked_in_the_form(browser, acme):
    invoice = an_invoice("1001", acme, total_cents=100_00)
    slower, faster = edit_form(browser, invoice), edit_form(browser, invoice)
    faster["total"], faster["reference"] = "120.00", "PO 7"
    faster.submit()
    slower["reference"] = "PO 7"

    page = slower.submit(expect_errors=True)

    marked = page.html.select(".form__field--differs")
    assert [field.label.get_text() for field in marked] == ["Total"]
    assert "Total 120.00 100.00" in " ".join(page.html.select_one("[role=alert]").get_text(" ").split())


def test_who_recorded_a_payment_is_not_taken_for_who_saved_the_invoice(browser, acme):
    invoice = an_invoice("1001", acme)
    slower, faster = edit_form(browser, invoice), edit_form(browser, invoice)
    faster["notes"] = "called on Monday"
    faster.submit()
    with transaction():
        paid = {"amount_cents": 10_00, "paid_on": "2026-03-02"}
        audit.append(
            a_user("bob@example.com", name="Bob"), "payment.recorded", f"invoice:{invoice.id}",
            before={}, after=paid, now=datetime(2026, 3, 2, 9, 40, tzinfo=UTC),
        )  # fmt: skip

    page = slower.submit(expect_errors=True)

    assert "Ann saved this invoice on 2 Mar 2026, 09:30" in page.text


def test_what_an_import_saved_meanwhile_is_told_as_its_doing(browser, acme, user):
    invoice = an_invoice("1001", acme, notes="old")
    form = edit_form(browser, invoice)
    an_imported_row(an_import(uploaded_by=user.id, state="applied", applied_at=LONG_AGO), invoice, "updated")
    tables.InvoiceModel.update(notes="of the workbook", version=2).execute()
    form["notes"] = "typed"

    page = form.submit(expect_errors=True)

    assert "Ann saved this invoice on 1 Jan 2026, 00:00 while you were editing." in page.text


@pytest.mark.parametrize(
    ("change", "told", "status"),
    [
        ("void", "Invoice 1001 is void now.", "Void"),
        ("write off", "What was left of invoice 1001 is written off.", "Written off"),
        ("dispute", "Invoice 1001 is marked as disputed.", "Disputed"),
    ],
)
def test_what_is_said_of_an_invoice_has_a_reason_that_its_history_keeps(browser, acme, change, told, status):
    invoice = an_invoice("1001", acme)
    form = say_form(browser, invoice, change)
    refused = form.submit(expect_errors=True)
    form["reason"] = "goods were damaged"

    page = form.submit().follow()

    assert "Please fill this in." in refused.text
    assert told in page.text
    assert status in page.html.h1.get_text()
    assert "goods were damaged" in page.html.select_one(".audit-messages").get_text()


def test_a_void_invoice_can_be_reinstated(browser, acme):
    invoice = an_invoice("1001", acme)
    void = say_form(browser, invoice, "void")
    void["reason"] = "by mistake"
    void.submit()
    form = say_form(browser, invoice, "reinstate")
    form["reason"] = "it was right after all"

    form.submit()

    assert tables.InvoiceModel.get().voided_at is None


def test_an_invoice_with_payments_is_not_offered_to_be_voided(browser, acme):
    invoice = an_invoice("1001", acme)
    a_payment(invoice, 10_00)

    forms = browser.get(f"/invoices/{invoice.id}").forms.values()

    assert "void" not in [form["change"].value for form in forms if form.action.endswith("/status")]


def test_what_somebody_else_changed_meanwhile_is_not_voided(browser, acme):
    invoice = an_invoice("1001", acme)
    form = say_form(browser, invoice, "void")
    form["reason"] = "by mistake"
    edit = edit_form(browser, invoice)
    edit["total"] = "99.00"
    edit.submit()

    page = form.submit(expect_errors=True)

    assert page.status_int == 409
    assert "Somebody else has changed this invoice since it was shown. Nothing was changed by you." in page.text
    assert tables.InvoiceModel.get().voided_at is None


def test_what_an_edit_may_not_change_is_said_beside_its_field(browser, acme):
    invoice = an_invoice("1001", acme)
    a_payment(invoice, 10_00)
    form = edit_form(browser, invoice)
    form["currency"] = "EUR"

    page = form.submit(expect_errors=True)

    assert page.status_int == 422
    assert "Payments in USD were recorded for it" in page.html.select_one("#currency-error").get_text()
    assert tables.InvoiceModel.get().currency == "USD"
