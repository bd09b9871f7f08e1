"""A bookkeeper writes an invoice, changes it, and says what became of it; nothing typed is lost on the way."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def say(page, action, label, reason, button):
    page.locator("summary", has_text=re.compile(f"^{action}$")).click()
    page.locator("details.action[open]").get_by_label(label).fill(reason)
    page.get_by_role("button", name=button, exact=True).click()


def badges(page):
    return page.locator("h1 .badge")


def test_a_new_invoice_comes_back_with_its_errors_until_it_is_right(open_page, debt, with_javascript):
    number = f"NEW-{debt.numbers[0]}"
    with open_page(java_script_enabled=with_javascript) as page:
        page.goto("/invoices/new")
        page.get_by_label("Customer").fill("Nobody")
        page.get_by_label("Number").fill(debt.numbers[0])
        page.get_by_label("Reference").fill("PO 7")
        page.get_by_label("Due").fill("2020-01-31")
        page.get_by_label("Total").fill("1oo")
        page.get_by_label("Notes").fill("Two lines:\nthe second.")
        page.get_by_role("button", name="Enter the invoice").click()

        expect(page.get_by_role("alert")).to_contain_text("3 fields need another look; nothing was saved.")
        expect(page.locator("#who-error")).to_contain_text("There is no such customer")
        expect(page.locator("#due_on-error")).to_have_text("It cannot be due before it is issued.")
        expect(page.locator("#total-error")).to_be_visible()
        assert page.get_by_label("Total").input_value() == "1oo"
        assert page.get_by_label("Reference").input_value() == "PO 7"
        assert page.get_by_label("Due").input_value() == "2020-01-31"
        assert page.get_by_label("Notes").input_value() == "Two lines:\nthe second."

        page.get_by_role("combobox", name="Customer").fill(debt.customer)
        page.get_by_label("Due").fill("2030-01-31")
        page.get_by_label("Total").fill("1,250.00")
        page.get_by_role("button", name="Enter the invoice").click()
        expect(page.locator("#number-error")).to_be_visible()
        expect(page.get_by_role("link", name="See the invoice that has this number")).to_be_visible()

        page.get_by_label("Number").fill(number)
        page.get_by_role("button", name="Enter the invoice").click()
        expect(page.get_by_role("status").first).to_have_text(f"Invoice {number} was entered.")
        expect(badges(page)).to_have_text(["Open"])

        page.get_by_role("link", name="Edit").click()
        page.get_by_label("Total").fill("1,300.00")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("status").first).to_have_text(f"Invoice {number} was changed.")
        expect(page.locator(".audit-messages")).to_contain_text("total: 1,250.00 → 1,300.00")


def test_who_saves_later_sees_what_was_saved_meanwhile_and_loses_nothing(open_page, debt, open_invoice):
    with open_page() as page:
        open_invoice(page, debt.numbers[0])
        page.get_by_role("link", name="Edit").click()
        slower = page.context.new_page()
        slower.goto(page.url)
        slower.get_by_label("Notes").fill("the slower one's note")
        page.get_by_label("Reference").fill("PO 11")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text("was changed.")).to_be_visible()

        slower.get_by_role("button", name="Save").click()
        expect(slower.get_by_role("alert")).to_contain_text("while you were editing. Differences are marked.")
        expect(slower.get_by_role("alert")).to_contain_text("PO 11")
        assert slower.get_by_label("Notes").input_value() == "the slower one's note"

        slower.get_by_label("Reference").fill("PO 11")
        slower.get_by_role("button", name="Save").click()
        expect(slower.locator("dl.facts")).to_contain_text("the slower one's note")
        expect(slower.locator("dl.facts")).to_contain_text("PO 11")


def test_a_dispute_a_write_off_and_a_void_are_said_with_a_reason_and_taken_back(
    open_page, debt, open_invoice, with_javascript
):
    with open_page(java_script_enabled=with_javascript) as page:
        open_invoice(page, debt.numbers[0])
        page.locator("summary", has_text=re.compile("^Dispute$")).click()
        page.get_by_role("button", name="Mark as disputed").click()
        expect(page.locator("#dispute .form__error")).to_have_text("Please fill this in.")
        page.get_by_label("What is disputed").fill("half was broken")
        page.get_by_role("button", name="Mark as disputed").click()
        expect(badges(page)).to_have_text(["Overdue", "Disputed"])

        say(page, "Settle the dispute", "What was agreed", "replaced", "Clear dispute")
        expect(badges(page)).to_have_text(["Overdue"])

        say(page, "Write off", "Reason", "insolvent", "Write off what is left")
        expect(badges(page)).to_have_text(["Written off"])

        say(page, "Reinstate", "Reason for reinstating", "they paid after all", "Reinstate invoice")
        expect(badges(page)).to_have_text(["Overdue"])

        say(page, "Void", "Reason", "entered twice", "Void this invoice")
        expect(badges(page)).to_have_text(["Void"])
        expect(page.locator(".audit-messages")).to_contain_text("insolvent")
        expect(page.locator(".audit-messages")).to_contain_text("entered twice")


def test_a_form_opens_below_the_buttons_and_its_button_stays_where_it_was(open_page, debt, open_invoice):
    with open_page() as page:
        open_invoice(page, debt.numbers[0])
        button = page.locator("summary", has_text="Record a payment")
        before = button.bounding_box()

        button.click()

        assert button.bounding_box() == before
        assert page.locator("#payment .action__body").bounding_box()["y"] > before["y"] + before["height"]
