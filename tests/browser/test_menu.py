"""The menu: in one line with the head where there is room, behind a button elsewhere."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

TELEPHONE = {"viewport": {"width": 390, "height": 844}}


def test_the_head_of_a_page_takes_one_line_on_every_screen(open_page):
    heights = {}
    with open_page() as page:
        page.goto("/")
        for width in (320, 390, 768, 1024, 1040, 1440):
            page.set_viewport_size({"width": width, "height": 800})
            heights[width] = page.evaluate("document.querySelector('header').offsetHeight")

    assert [width for width, height in heights.items() if height > 56] == []


def test_the_menu_of_a_telephone_leads_to_every_part(open_page, with_javascript):
    with open_page(**TELEPHONE, java_script_enabled=with_javascript) as page:
        page.goto("/invoices")
        expect(page.get_by_role("link", name="Customers", exact=True)).to_be_hidden()
        page.get_by_role("button", name="Menu").click()
        expect(page.get_by_role("link", name="Invoices", exact=True)).to_have_attribute("aria-current", "page")
        expect(page.get_by_role("button", name="Sign out")).to_be_visible()

        page.get_by_role("link", name="Customers", exact=True).click()

        expect(page.get_by_role("heading", name="Customers")).to_be_visible()


def test_the_menu_opens_and_closes_by_keys(open_page):
    with open_page(**TELEPHONE) as page:
        page.goto("/")
        page.get_by_role("button", name="Menu").press("Enter")
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Dashboard", exact=True)).to_be_focused()

        page.keyboard.press("Escape")

        expect(page.get_by_role("link", name="Dashboard", exact=True)).to_be_hidden()
        expect(page.get_by_role("button", name="Menu")).to_be_focused()


def test_the_keys_of_the_menu_need_it_not_to_be_open(open_page):
    with open_page(**TELEPHONE) as page:
        page.goto("/")
        page.keyboard.press("g")
        page.keyboard.press("c")

        expect(page.get_by_role("heading", name="Customers")).to_be_visible()
