"""A bookkeeper records what came in: in parts, twice by mistake, too much, given back, and undone."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def open_form(page, action):
    page.locator("summary", has_text=re.compile(f"^{action}$")).click()


def fill_payment(page, amount):
    open_form(page, "Record a payment")
    page.locator("#payment").get_by_label("Amount").fill(amount)


def record(page, amount):
    fill_payment(page, amount)
    page.get_by_role("button", name="Record the payment").click()


def stand(page, balance, status, name="Balance"):
    """Wait for the page to show that balance and status."""
    expect(page.locator(".figures__one--main")).to_contain_text(f"{name}{balance}")
    expect(page.locator("h1 .badge").first).to_have_text(status)


def payments(page):
    """The rows of the invoice's payments."""
    return page.locator("section", has=page.get_by_role("heading", name="Payments")).locator(
        "tbody tr:not(.table__own)"
    )


def mark(page, with_javascript):
    """Leave something in the window that only another page would lose."""
    if with_javascript:
        page.evaluate("window.isTheSamePage = true")


def is_marked(page):
    return page.evaluate("window.isTheSamePage === true")


def test_a_part_and_then_the_rest_are_recorded_before_the_eye(open_page, debt, open_invoice, with_javascript):
    with open_page(java_script_enabled=with_javascript) as page:
        open_invoice(page, debt.numbers[0])
        mark(page, with_javascript)
        record(page, "40.00")
        expect(page.get_by_role("status").first).to_have_text(f"Recorded 40.00 USD for invoice {debt.numbers[0]}.")
        stand(page, "60.00", "Overdue")

        open_form(page, "Record a payment")
        assert page.locator("#payment").get_by_label("Amount").input_value() == "60.00"
        page.get_by_role("button", name="Record the payment").click()
        stand(page, "0.00", "Paid")

        expect(payments(page)).to_have_count(2)
        assert is_marked(page) is with_javascript


def test_a_double_click_records_one_payment(open_page, debt, open_invoice, with_javascript):
    with open_page(java_script_enabled=with_javascript) as page:
        open_invoice(page, debt.numbers[0])
        fill_payment(page, "40.00")
        page.get_by_role("button", name="Record the payment").dblclick()

        stand(page, "60.00", "Overdue")
        open_invoice(page, debt.numbers[0])
        expect(payments(page)).to_have_count(1)


def test_going_back_shows_what_was_recorded_and_the_old_form_records_nothing_new(open_page, debt, open_invoice):
    with open_page(java_script_enabled=False) as page:
        open_invoice(page, debt.numbers[0])
        with page.expect_request("**/payments") as sent:
            record(page, "40.00")
        stand(page, "60.00", "Overdue")

        page.go_back()
        stand(page, "60.00", "Overdue")
        assert page.locator("#payment").get_by_label("Amount").input_value() == "60.00"

        old = sent.value
        page.request.post(old.url, headers={"Content-Type": old.headers["content-type"]}, data=old.post_data)
        page.reload()
        expect(payments(page)).to_have_count(1)


def test_the_old_form_with_another_amount_is_refused_in_words(open_page, debt, open_invoice):
    with open_page(java_script_enabled=False) as page:
        open_invoice(page, debt.numbers[0])
        with page.expect_request("**/payments") as sent:
            record(page, "40.00")
        stand(page, "60.00", "Overdue")

        old = sent.value
        changed = old.post_data.replace("amount=40.00", "amount=50.00")
        answer = page.request.post(old.url, headers={"Content-Type": old.headers["content-type"]}, data=changed)

        assert answer.status == 409
        assert "This form was sent before, with other values" in answer.text()


@pytest.mark.emulated
def test_an_answer_that_was_lost_is_said_and_sending_again_records_one_payment(open_page, debt, open_invoice):
    with open_page() as page:
        open_invoice(page, debt.numbers[0])
        page.route("**/invoices/*/payments", lose_the_answer, times=1)
        record(page, "40.00")
        expect(page.get_by_role("status").first).to_contain_text("No answer came")
        assert page.locator("#payment").get_by_label("Amount").input_value() == "40.00"

        page.get_by_role("button", name="Record the payment").click()

        stand(page, "60.00", "Overdue")
        expect(payments(page)).to_have_count(1)


def lose_the_answer(route):
    route.fetch(max_redirects=0)
    route.abort()


def test_more_than_is_open_is_asked_about_and_kept_as_credit(open_page, debt, open_invoice, with_javascript):
    first, second, _ = debt.numbers
    with open_page(java_script_enabled=with_javascript) as page:
        open_invoice(page, first)
        record(page, "130.00")
        expect(page.locator("#amount-error")).to_have_text(
            "Only 100.00 is open. Correct the amount, or keep the extra 30.00 as credit."
        )
        assert page.locator("#payment").get_by_label("Amount").input_value() == "130.00"
        page.get_by_label("Keep the rest as credit of the customer").check()
        page.get_by_role("button", name="Record the payment").click()
        stand(page, "30.00", "Paid", "Credit")

        open_form(page, "Use the credit")
        page.locator("#credit").get_by_label("Amount").fill("20.00")
        page.get_by_role("button", name="Use it for this invoice").click()
        stand(page, "10.00", "Paid", "Credit")

        open_form(page, "Refund")
        assert page.get_by_label("Amount given back").input_value() == "10.00"
        page.get_by_role("button", name="Record the refund").click()
        stand(page, "0.00", "Paid")

        open_invoice(page, second)
        stand(page, "30.00", "Overdue")


def test_the_same_payment_again_is_asked_about_and_recorded_once_its_box_is_ticked(
    open_page, debt, open_invoice, with_javascript
):
    with open_page(java_script_enabled=with_javascript) as page:
        open_invoice(page, debt.numbers[0])
        record(page, "40.00")
        stand(page, "60.00", "Overdue")
        open_invoice(page, debt.numbers[0])
        record(page, "40.00")
        expect(page.locator("#amount-error")).to_contain_text("is this the same payment?")
        assert page.locator("#payment").get_by_label("Amount").input_value() == "40.00"

        page.get_by_label("Record it all the same").check()
        page.get_by_role("button", name="Record the payment").click()

        stand(page, "20.00", "Overdue")
        expect(payments(page)).to_have_count(2)


def test_a_payment_is_voided_with_a_reason(open_page, debt, open_invoice, with_javascript):
    with open_page(java_script_enabled=with_javascript) as page:
        open_invoice(page, debt.numbers[0])
        record(page, "100.00")
        stand(page, "0.00", "Paid")
        payments(page).get_by_text("Void", exact=True).click()
        page.get_by_role("button", name="Void this payment").click()
        expect(page.locator(".form__error")).to_have_text("Please fill this in.")

        page.get_by_label("Reason for voiding").fill("bounced")
        page.get_by_role("button", name="Void this payment").click()

        stand(page, "100.00", "Overdue")
        expect(payments(page).first).to_contain_text("bounced")
        expect(page.locator(".audit-messages")).to_contain_text("voided a payment of 100.00")


def test_the_form_that_voids_takes_no_room_from_the_columns_and_escape_closes_it(open_page, debt, open_invoice):
    with open_page() as page:
        open_invoice(page, debt.numbers[0])
        record(page, "40.00")
        expect(payments(page)).to_have_count(1)
        before = widths(page)

        payments(page).get_by_text("Void", exact=True).click()

        reason = page.get_by_label("Reason for voiding")
        expect(reason).to_be_visible()
        assert widths(page) == before
        reason.press("Escape")
        expect(reason).to_be_hidden()
        expect(payments(page).get_by_text("Void", exact=True)).to_be_focused()


def test_on_a_telephone_the_form_that_voids_waits_below_its_payment(open_page, debt, open_invoice):
    with open_page(viewport={"width": 390, "height": 844}) as page:
        open_invoice(page, debt.numbers[0])
        record(page, "40.00")
        expect(payments(page)).to_have_count(1)
        expect(page.get_by_label("Reason for voiding")).to_be_hidden()

        payments(page).get_by_text("Void", exact=True).click()

        reason, row = page.get_by_label("Reason for voiding").bounding_box(), payments(page).bounding_box()
        assert reason["y"] > row["y"] + row["height"]
        assert reason["x"] + reason["width"] <= 390


def widths(page):
    """How wide the columns of the payments are, in whole pixels."""
    return [round(cell.bounding_box()["width"]) for cell in payments(page).locator("td").all()]


def test_a_payment_just_recorded_is_undone_by_one_key(open_page, debt, open_invoice):
    with open_page() as page:
        open_invoice(page, debt.numbers[0])
        record(page, "40.00")
        stand(page, "60.00", "Overdue")

        page.keyboard.press("u")

        stand(page, "100.00", "Overdue")
        expect(page.get_by_role("status").first).to_have_text("The payment was voided.")
        assert page.get_by_text("Undo: void").count() == 0


def test_a_payment_just_recorded_is_undone_without_javascript(open_page, debt, open_invoice):
    with open_page(java_script_enabled=False) as page:
        open_invoice(page, debt.numbers[0])
        record(page, "40.00")

        page.get_by_role("button", name="Undo: void the payment of 40.00 USD").click()

        stand(page, "100.00", "Overdue")


def test_a_slip_in_a_payment_is_said_beside_its_field_and_nothing_typed_is_lost(
    open_page, debt, open_invoice, with_javascript
):
    with open_page(java_script_enabled=with_javascript) as page:
        open_invoice(page, debt.numbers[0])
        fill_payment(page, "4o")
        form = page.locator("#payment")
        form.get_by_label("Reference").fill("RF 12")
        form.get_by_label("Note").fill("by phone")
        page.get_by_role("button", name="Record the payment").click()

        expect(page.locator("#amount-error")).to_be_visible()
        assert form.get_by_label("Amount").input_value() == "4o"
        assert form.get_by_label("Reference").input_value() == "RF 12"
        assert form.get_by_label("Note").input_value() == "by phone"
        stand(page, "100.00", "Overdue")
