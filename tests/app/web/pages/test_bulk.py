"""Many invoices at once: a preview says what will be done, and just that is done, or nothing."""

import io
from datetime import UTC, date, datetime

import pytest
from openpyxl import load_workbook
from support.records import a_customer, a_payment, an_invoice

from app.store.db import tables
from app.web.pages.receivables import bulk


@pytest.fixture
def acme(sqlite):
    return a_customer("C1", "Acme")


def preview(browser, action, invoices, **fields):
    """Pick the invoices on the list and ask for what the action would do."""
    page = browser.get("/invoices?all=yes")
    form = next(form for form in page.forms.values() if form.action == "/invoices/bulk")
    for invoice in invoices:
        form[f"pick:{invoice.id}"] = True
    for name, text in fields.items():
        form[name] = text
    return form.submit("action", value=action, expect_errors=True)


def apply_form(page):
    return next(form for form in page.forms.values() if form.action == "/invoices/bulk/apply")


def paid(*invoices):
    return [tables.InvoiceModel.get_by_id(invoice.id).paid_cents for invoice in invoices]


def test_a_preview_says_what_will_be_recorded_and_what_is_left_out(browser, acme):
    owed = an_invoice("1001", acme, total_cents=100_00)
    partly = an_invoice("1002", acme, total_cents=50_00)
    a_payment(partly, 20_00)
    settled = an_invoice("1003", acme, total_cents=10_00)
    a_payment(settled, 10_00)

    page = preview(browser, "pay", [owed, partly, settled])

    text = " ".join(page.html.main.get_text(" ").split())
    assert "of all that is left to pay: 130.00 USD" in text
    assert "Record 2 payments" in text
    assert "1003 , Acme: Nothing is left to pay." in text
    assert paid(owed, partly) == [0, 20_00]


def test_what_the_preview_showed_is_recorded_once(browser, acme):
    owed = [an_invoice(str(number), acme, total_cents=100_00) for number in range(3)]
    form = apply_form(preview(browser, "pay", owed[:2]))
    form["method"], form["paid_on"] = "Card", "2026-02-27"

    page = form.submit().follow()
    form.submit()

    assert "Recorded payment in full of 2 invoices: 200.00 USD." in page.text
    assert paid(*owed) == [100_00, 100_00, 0]
    assert {(payment.method, payment.paid_on) for payment in tables.PaymentModel.select()} == {
        ("Card", date(2026, 2, 27))
    }


def test_nothing_is_recorded_if_an_invoice_was_changed_meanwhile(browser, acme):
    first, second = an_invoice("1", acme), an_invoice("2", acme)
    form = apply_form(preview(browser, "pay", [first, second]))
    a_payment(first, 1_00)

    page = form.submit(expect_errors=True)

    assert page.status_int == 409
    assert "Some of these invoices were changed meanwhile" in page.text
    assert paid(first, second) == [1_00, 0]
    apply_form(page).submit()
    assert paid(first, second) == [100_00, 100_00]


def undo_form(page):
    button = page.html.select_one("button[data-key=u]")
    return next(form for form in page.forms.values() if form.action == button.find_parent("form")["action"])


def test_what_was_paid_at_once_is_undone_at_once_where_the_list_is(browser, acme):
    owed = [an_invoice("1", acme), an_invoice("2", a_customer("C2", "Bolt"), currency="EUR")]
    page = apply_form(preview(browser, "pay", owed)).submit().follow()
    assert "Undo: void these 2 payments" in page.text

    page = undo_form(page).submit().follow()

    assert page.request.path_qs == "/invoices?all=yes"
    assert "2 payments were voided." in page.text
    assert paid(*owed) == [0, 0]


def test_of_many_that_were_paid_at_once_one_is_voided_alone(browser, acme):
    owed = [an_invoice("1", acme), an_invoice("2", a_customer("C2", "Bolt"))]
    apply_form(preview(browser, "pay", owed)).submit()
    page = browser.get(f"/invoices/{owed[1].id}")
    [form] = [one for one in page.forms.values() if one.action.endswith("/void") and "/payments/" in one.action]
    form["reason"] = "the cheque came back"

    form.submit()

    assert paid(*owed) == [100_00, 0]


def test_the_list_offers_no_undo_of_what_is_undone_or_never_was(browser, acme):
    voided = a_payment(an_invoice("1", acme), voided_at=datetime(2026, 2, 4, tzinfo=UTC))

    for wanted in (f"recorded={voided.id}", "recorded=999", "recorded=x", "changed=999"):
        assert "Undo" not in browser.get(f"/invoices?all=yes&{wanted}").text


@pytest.mark.parametrize(
    ("action", "was_disputed", "label"),
    [
        ("dispute", False, "Undo: clear the dispute of 2 invoices"),
        ("settle dispute", True, "Undo: mark 2 invoices as disputed again"),
    ],
)
def test_disputes_of_many_are_undone_at_once_where_the_list_is(browser, acme, action, was_disputed, label):
    invoices = [an_invoice(str(number), acme, disputed=was_disputed) for number in range(2)]
    an_invoice("3", acme, disputed=not was_disputed)
    form = apply_form(preview(browser, action, invoices))
    form["reason"] = "late delivery"
    page = form.submit().follow()
    assert label in page.text

    undo_form(page).submit()

    assert [row.disputed for row in tables.InvoiceModel.select()] == [was_disputed, was_disputed, not was_disputed]


def test_the_same_payments_are_recorded_once_their_box_is_ticked(browser, acme):
    a_payment(an_invoice("1", acme), 100_00, paid_on=date(2026, 3, 2))
    owed = an_invoice("2", acme, total_cents=100_00)

    page = apply_form(preview(browser, "pay", [owed])).submit(expect_errors=True)

    assert "is this the same payment?" in page.html.select_one("#paid_on-error").get_text()
    again = apply_form(page)
    again["repeat_payment"] = True
    again.submit()
    assert paid(owed) == [100_00]


def test_a_day_in_the_future_records_nothing(browser, acme):
    invoice = an_invoice("1", acme)
    form = apply_form(preview(browser, "pay", [invoice]))
    form["paid_on"] = "2026-03-03"

    page = form.submit(expect_errors=True)

    assert "The day lies in the future" in page.text
    assert paid(invoice) == [0]


def test_a_day_of_another_age_records_nothing(browser, acme):
    invoice = an_invoice("1", acme)
    form = apply_form(preview(browser, "pay", [invoice]))
    form["paid_on"] = "1900-01-01"

    page = form.submit(expect_errors=True)

    assert "1 Jan 1900 is too far from today to be right: correct the day." in page.text
    assert paid(invoice) == [0]


def test_a_text_that_is_too_long_records_nothing(browser, acme):
    invoice = an_invoice("1", acme)
    form = apply_form(preview(browser, "pay", [invoice]))
    form["reference"] = "r" * 201

    page = form.submit(expect_errors=True)

    assert "Please use at most 200 characters." in page.text
    assert paid(invoice) == [0]


def test_nothing_is_recorded_if_one_of_them_is_paid_for_on_a_later_day(browser, acme):
    first, second = an_invoice("1", acme), an_invoice("2", acme)
    a_payment(second, 100_00, paid_on=date(2026, 4, 1))
    form = apply_form(preview(browser, "pay", [first, second]))

    page = form.submit(expect_errors=True)

    assert page.status_int == 409
    assert "For invoice 2 a payment of a later day is recorded already: leave it out." in page.text
    assert paid(first, second) == [0, 100_00]


@pytest.mark.parametrize(
    ("action", "values"),
    [
        ("pay", {"voided_at": datetime(2026, 2, 1, tzinfo=UTC)}),
        ("pay", {"total_cents": 0}),
        ("dispute", {"disputed": True}),
    ],
)
def test_nothing_is_done_if_the_action_does_not_fit_one_of_them(browser, acme, action, values):
    first, second = an_invoice("1", acme), an_invoice("2", acme, **values)
    form = apply_form(preview(browser, action, [first]))
    said = {name: form[name].value for name in form.fields if name}
    sent = {**said, f"pick:{second.id}": "1.0", "reason": "late"}
    if action == "dispute":
        sent[f"pick:{second.id}"] = "1.10000"

    page = browser.post("/invoices/bulk/apply", sent, expect_errors=True)

    assert page.status_int == 409
    assert (paid(first, second), tables.InvoiceModel.get_by_id(first.id).disputed) == ([0, 0], False)


def test_many_are_marked_as_disputed_with_one_reason(browser, acme):
    invoices = [an_invoice(str(number), acme) for number in range(2)]
    form = apply_form(preview(browser, "dispute", invoices))
    refused = form.submit(expect_errors=True)
    form["reason"] = "late delivery"

    form.submit()

    assert "Please fill this in." in refused.text
    assert [row.disputed for row in tables.InvoiceModel.select()] == [True, True]


def test_all_of_the_list_are_taken_when_that_is_ticked(browser, acme):
    for number in range(60):
        an_invoice(str(number), acme)

    page = preview(browser, "pay", [], all=True)

    assert "Record 60 payments" in page.text


def test_nothing_picked_is_said(browser, acme):
    an_invoice("1", acme)

    page = preview(browser, "pay", [])

    assert page.status_int == 400
    assert "Pick at least one invoice of the list first." in page.text


def export_all(browser, address):
    form = next(form for form in browser.get(address).forms.values() if form.action == "/invoices/bulk")
    form["all"] = True
    return form.submit("action", value="xlsx", expect_errors=True)


def numbers(answer):
    rows = load_workbook(io.BytesIO(answer.body))["Invoices"].iter_rows(min_row=2, values_only=True)
    return sorted(str(row[0]) for row in rows if row[0])


def test_all_of_a_list_can_be_exported_however_many_they_are(browser, acme, monkeypatch):
    monkeypatch.setattr(bulk, "MOST", 1)
    for number in ("1001", "1002"):
        an_invoice(number, acme)

    assert numbers(export_all(browser, "/invoices?all=yes")) == ["1001", "1002"]


def test_all_of_a_list_of_an_earlier_day_are_exported_as_they_were_then(browser, acme):
    then_late = an_invoice("1001", acme, due_on=date(2026, 1, 31))
    a_payment(then_late, 100_00, paid_on=date(2026, 2, 20))
    an_invoice("1002", acme, due_on=date(2026, 2, 15))
    an_invoice("1003", acme, due_on=date(2026, 2, 1))

    answer = export_all(browser, "/invoices?status=overdue&as_of=2026-02-10&all=yes")

    assert numbers(answer) == ["1001", "1003"]
