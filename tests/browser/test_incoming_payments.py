"""A bookkeeper answers what a payment provider's money is for: by a click, split over two, kept, dismissed."""

import pytest
from playwright.sync_api import expect
from support.axe import UNFOLD, violations_everywhere

pytestmark = pytest.mark.browser


def test_a_suggestion_is_recorded_by_one_click(open_page, debt, receive, with_javascript):
    receive(f"click-{debt.customer}", 50_00, debt.customer, "Thank you")

    with open_page(java_script_enabled=with_javascript) as page:
        page.goto("/payments/incoming")
        one = page.get_by_role("article", name=debt.customer)
        expect(one).to_contain_text("it is then paid")
        one.get_by_role("button", name=f"Record for {debt.numbers[1]}").click()
        expect(page.get_by_text(f"50.00 USD: It is recorded for invoice {debt.numbers[1]}.")).to_be_visible()


def test_it_is_split_over_invoices_that_were_searched_for(open_page, debt, receive, with_javascript):
    number = receive(f"split-{debt.customer}", 120_00, "Somebody", "Two of them")

    with open_page(java_script_enabled=with_javascript) as page:
        page.goto(f"/payments/incoming/{number}")
        page.get_by_label("Search for invoices").fill(debt.customer)
        page.get_by_role("button", name="Search", exact=True).click()
        page.get_by_label(f"Amount applied for invoice {debt.numbers[0]}").fill("100.00")
        page.get_by_label(f"Amount applied for invoice {debt.numbers[2]}").fill("20.00")
        page.get_by_role("button", name="Record 120.00 USD").click()
        numbers = f"{debt.numbers[0]}, {debt.numbers[2]}"
        expect(page.get_by_text(f"120.00 USD: It is recorded for invoices {numbers}.")).to_be_visible()


@pytest.mark.emulated
def test_the_pages_keep_nobody_out_and_fit_a_telephone(open_page, debt, receive):
    receive(f"long-{debt.customer}", 123_456_78, f"{debt.customer} and Daughters Limited", f"{'X' * 120} for March")
    number = receive(f"axe-{debt.customer}", 230_00, debt.customer, "Thank you")
    dismissed = receive(f"gone-{debt.customer}", 9_00, debt.customer)

    with open_page(viewport={"width": 390, "height": 844}) as page:
        page.goto(f"/payments/incoming/{dismissed}")
        page.locator("summary", has_text="Dismiss").click()
        page.get_by_label("Reason").fill("Private")
        page.get_by_role("button", name="Dismiss", exact=True).click()
        page.get_by_text("was dismissed.").wait_for()
        for path in ("", "?state=recorded", "?state=dismissed", f"/{number}", f"/{number}?q=Payer", f"/{dismissed}"):
            page.goto(f"/payments/incoming{path}")
            page.evaluate(UNFOLD)
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
            assert violations_everywhere(page) == [], path
