"""Every action has a key, and none is taken from somebody who types."""

import re

import pytest
from playwright.sync_api import expect


@pytest.mark.browser
def test_keys_lead_from_page_to_page(open_page):
    with open_page() as page:
        page.goto("/")
        for keys, path in [("gi", "/invoices"), ("gm", "/imports"), ("gd", "/")]:
            for key in keys:
                page.keyboard.press(key)
            page.wait_for_url(re.compile(re.escape(path) + r"$"))


@pytest.mark.browser
def test_the_search_has_a_key_on_every_page_and_takes_what_is_typed(open_page):
    with open_page() as page:
        page.goto("/")
        page.keyboard.press("/")
        page.wait_for_url("**/search")
        search = page.get_by_label("Search")
        assert search.evaluate("field => field === document.activeElement")

        page.keyboard.type("gd?")
        assert search.input_value() == "gd?"
        assert "/search" in page.url
        assert not page.locator("dialog").is_visible()


@pytest.mark.browser
def test_the_arrow_down_leads_from_the_search_into_its_rows_and_escape_out_of_a_field(open_page):
    with open_page() as page:
        page.goto("/customers")
        page.keyboard.press("/")
        page.keyboard.press("ArrowDown")
        assert page.evaluate("document.activeElement.closest('tbody tr') !== null")

        page.goto("/payments/new")
        assert page.get_by_label("Who paid?").evaluate("field => field === document.activeElement")
        page.keyboard.press("Escape")
        page.keyboard.press("g")
        page.keyboard.press("i")
        page.wait_for_url("**/invoices")


@pytest.mark.browser
def test_the_sheet_of_keys_opens_and_closes(open_page):
    with open_page() as page:
        page.goto("/")
        page.keyboard.press("Shift+?")
        assert page.get_by_role("dialog", name="Keyboard").is_visible()

        page.keyboard.press("n")
        page.keyboard.press("Escape")
        assert not page.locator("dialog").is_visible()

        page.get_by_role("link", name="Keyboard").click()
        page.get_by_role("button", name="Close").click()
        assert not page.locator("dialog").is_visible()
        assert page.url.endswith("/")


@pytest.mark.browser
def test_rows_are_walked_along_picked_and_opened(open_page):
    with open_page() as page:
        page.goto("/components")
        focused = "document.activeElement.textContent"
        page.keyboard.press("j")
        assert page.evaluate(focused) == "2026-1"
        page.keyboard.press("j")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("k")
        assert page.evaluate(focused) == "2026-2"

        page.keyboard.press("x")
        assert page.get_by_label("Invoice 2026-2").is_checked()
        assert not page.get_by_label("Invoice 2026-1").is_checked()

        page.keyboard.press("ArrowUp")
        page.keyboard.press("ArrowUp")
        assert page.evaluate(focused) == "2026-1"
        page.evaluate("document.activeElement.href = '/invoices/1'")
        page.keyboard.press("Enter")
        page.wait_for_url("**/invoices/1")


@pytest.mark.browser
def test_what_a_form_asks_is_one_tab_away_from_where_it_was_sent(open_page, debt, open_invoice):
    with open_page() as page:
        open_invoice(page, debt.numbers[0])
        page.keyboard.press("p")
        page.keyboard.type("130")
        page.keyboard.press("Enter")
        page.get_by_label("Keep the rest as credit of the customer").wait_for()
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
        page.keyboard.press("Enter")

        page.get_by_text("Recorded 130.00 USD").wait_for()


@pytest.mark.browser
def test_keys_with_a_modifier_are_the_browsers(open_page):
    with open_page() as page:
        page.goto("/")
        page.keyboard.press("Alt+n")
        page.keyboard.press("Control+/")
        page.keyboard.press("g")
        page.keyboard.press("Control+i")

        assert page.evaluate("document.activeElement === document.body")
        assert page.url.endswith("/")


@pytest.mark.browser
def test_escape_closes_the_form_of_an_action_and_goes_back_to_its_button(open_page):
    with open_page() as page:
        page.goto("/components")
        page.locator("summary", has_text="Void").click()
        page.locator("#void").get_by_label("Reason").fill("n")

        page.keyboard.press("Escape")

        assert not page.locator("#void").get_by_label("Reason").is_visible()
        assert page.evaluate("document.activeElement.textContent") == "Void"


@pytest.mark.browser
def test_without_javascript_the_keys_are_a_page(open_page):
    with open_page(java_script_enabled=False) as page:
        page.goto("/")
        page.get_by_role("link", name="Keyboard").click()

        assert page.get_by_role("heading", name="Keyboard").is_visible()
        assert page.url.endswith("/help")


def test_after_recording_a_payment_by_the_keyboard_one_goes_on_where_its_answer_stands(open_page, debt, open_invoice):
    with open_page() as page:
        open_invoice(page, debt.numbers[0])
        page.keyboard.press("p")
        page.keyboard.type("10.00")
        edit = page.get_by_role("link", name="Edit", exact=True)
        before = edit.bounding_box()
        page.keyboard.press("Enter")
        page.get_by_text(f"Recorded 10.00 USD for invoice {debt.numbers[0]}.").wait_for()

        expect(page.get_by_role("heading", level=1)).to_be_focused()
        assert edit.bounding_box() == before


@pytest.mark.browser
@pytest.mark.parametrize(("action", "field"), [("Record a payment", "Amount"), ("Dispute", "What is disputed")])
def test_an_action_that_is_opened_with_the_mouse_has_the_focus_in_its_first_field(open_page, action, field):
    with open_page() as page:
        page.goto("/invoices/230")
        page.locator("summary", has_text=action).click()

        expect(page.locator("details.action[open]").get_by_label(field)).to_be_focused()
