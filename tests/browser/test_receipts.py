"""A bookkeeper places one receipt on several invoices of a customer."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def open_receipt(page, customer):
    page.goto("/payments/new")
    page.get_by_label("Who paid?").fill(customer)
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("heading", name=f"Payment from {customer}").wait_for()


def statuses(page, debt):
    page.goto(f"/invoices?q={debt.customer}&sort=due")
    return page.locator("tbody tr td .badge").all_inner_texts()


def test_a_receipt_is_spread_over_the_oldest_and_settles_them(open_page, debt, with_javascript):
    with open_page(java_script_enabled=with_javascript) as page:
        open_receipt(page, debt.customer)
        page.get_by_label("Received").fill("150.00")
        page.get_by_role("button", name="Apply to oldest first").click()
        expect(page.get_by_label(f"Amount applied for invoice {debt.numbers[0]}")).to_have_value("100.00")
        expect(page.get_by_label(f"Amount applied for invoice {debt.numbers[1]}")).to_have_value("50.00")
        expect(page.get_by_label(f"Amount applied for invoice {debt.numbers[2]}")).to_have_value("")
        expect(page.get_by_role("row", name="Applied 150.00")).to_be_visible()

        page.get_by_role("button", name="Record the payment").click()

        expect(page.get_by_role("status").first).to_have_text("Recorded 150.00 USD for 2 invoices.")
        expect(page.get_by_role("heading", name=debt.customer)).to_be_visible()
        assert statuses(page, debt) == ["Paid", "Paid", "Overdue"]


def test_what_is_left_over_is_asked_about_and_kept_as_credit(open_page, debt, with_javascript, figure):
    with open_page(java_script_enabled=with_javascript) as page:
        open_receipt(page, debt.customer)
        page.get_by_label("Received").fill("250.00")
        page.get_by_role("button", name="Apply to oldest first").click()
        expect(page.get_by_role("row", name="Still to apply 20.00")).to_be_visible()
        page.get_by_role("button", name="Record the payment").click()
        expect(page.locator("#received-error")).to_have_text(
            "20.00 is not applied yet. Apply it below or keep it as credit."
        )

        page.get_by_label("Keep what is left as credit").check()
        page.get_by_role("button", name="Record the payment").click()

        expect(page.get_by_role("status").first).to_have_text("Recorded 250.00 USD for 3 invoices.")
        assert figure(page, "Credit") == "20.00"
        assert statuses(page, debt) == ["Paid", "Paid", "Paid"]


def test_what_is_typed_by_hand_is_placed_as_typed(open_page, debt, with_javascript):
    with open_page(java_script_enabled=with_javascript) as page:
        open_receipt(page, debt.customer)
        page.get_by_label("Received").fill("60")
        page.get_by_label(f"Amount applied for invoice {debt.numbers[1]}").fill("60")
        page.get_by_role("button", name="Record the payment").click()
        expect(page.get_by_text("Only 50.00 is open here.")).to_have_count(2)

        page.get_by_label(f"Amount applied for invoice {debt.numbers[1]}").fill("50")
        page.get_by_label(f"Amount applied for invoice {debt.numbers[0]}").fill("10")
        page.get_by_role("button", name="Record the payment").click()

        expect(page.get_by_role("status").first).to_have_text("Recorded 60.00 USD for 2 invoices.")
        assert statuses(page, debt) == ["Overdue", "Paid", "Overdue"]


def test_what_is_typed_is_placed_at_once_until_it_is_placed_by_hand(open_page, debt):
    first, second, _ = (f"Amount applied for invoice {number}" for number in debt.numbers)
    with open_page() as page:
        page.clock.install()
        open_receipt(page, debt.customer)
        page.get_by_label("Received").press_sequentially("120")
        expect(page.get_by_label(second)).to_have_value("20.00")

        page.get_by_label(first).fill("70")
        page.get_by_label(second).fill("50")
        page.get_by_label("Received").press_sequentially("0")
        page.clock.fast_forward(1_000)
        page.get_by_label("Received").press("Backspace")
        page.clock.fast_forward(1_000)
        page.get_by_role("button", name="Record the payment").click()

        expect(page.get_by_role("status").first).to_have_text("Recorded 120.00 USD for 2 invoices.")
        assert statuses(page, debt) == ["Overdue", "Paid", "Overdue"]


def test_a_receipt_without_a_word_on_its_invoices_is_spread_for_a_second_look(open_page, debt):
    with open_page(java_script_enabled=False) as page:
        open_receipt(page, debt.customer)
        page.get_by_label("Received").fill("120")
        page.get_by_label("Received").press("Enter")
        expect(page.get_by_label(f"Amount applied for invoice {debt.numbers[1]}")).to_have_value("20.00")
        expect(page.get_by_text("Nothing is recorded yet")).to_be_visible()

        page.get_by_role("button", name="Record the payment").click()

        expect(page.get_by_role("status").first).to_have_text("Recorded 120.00 USD for 2 invoices.")


def test_what_was_recorded_together_is_voided_together(open_page, debt, open_invoice, with_javascript):
    with open_page(java_script_enabled=with_javascript) as page:
        open_receipt(page, debt.customer)
        page.get_by_label("Received").fill("150")
        page.get_by_role("button", name="Apply to oldest first").click()
        expect(page.get_by_role("row", name="Applied 150.00")).to_be_visible()
        page.get_by_role("button", name="Record the payment").click()
        expect(page.get_by_role("status").first).to_have_text("Recorded 150.00 USD for 2 invoices.")

        open_invoice(page, debt.numbers[0])
        page.locator("tbody").get_by_text("Void", exact=True).click()
        expect(page.get_by_text("All 2 that were recorded together are voided.")).to_be_visible()
        page.get_by_label("Reason for voiding").fill("wrong customer")
        page.get_by_role("button", name="Void this payment").click()

        expect(page.get_by_role("status").first).to_have_text("The 2 payments that were recorded together were voided.")
        assert statuses(page, debt) == ["Overdue", "Overdue", "Overdue"]


def test_a_receipt_just_recorded_is_undone_where_it_is_shown(open_page, debt, with_javascript):
    with open_page(java_script_enabled=with_javascript) as page:
        open_receipt(page, debt.customer)
        page.get_by_label("Received").fill("150")
        page.get_by_role("button", name="Apply to oldest first").click()
        expect(page.get_by_role("row", name="Applied 150.00")).to_be_visible()
        page.get_by_role("button", name="Record the payment").click()
        expect(page.get_by_role("button", name="Undo: void these 2 payments")).to_be_visible()

        if with_javascript:
            page.keyboard.press("u")
        else:
            page.get_by_role("button", name="Undo: void these 2 payments").click()

        expect(page.get_by_role("status").first).to_have_text("The 2 payments that were recorded together were voided.")
        expect(page.get_by_role("heading", name=debt.customer)).to_be_visible()
        assert statuses(page, debt) == ["Overdue", "Overdue", "Overdue"]


def test_a_name_that_means_several_customers_is_asked_about(open_page, debts, debt, with_javascript):
    other = next(debts)
    with open_page(java_script_enabled=with_javascript) as page:
        page.goto("/payments/new")
        page.get_by_label("Who paid?").fill("Payer")
        page.get_by_role("button", name="Continue").click()
        expect(page.get_by_role("link", name=other.customer)).to_be_visible()

        page.get_by_role("link", name=debt.customer).click()

        expect(page.get_by_role("heading", name=f"Payment from {debt.customer}")).to_be_visible()
