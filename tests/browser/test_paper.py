"""What is printed: the figures and what they are of, without what only a screen is for."""

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.emulated]

PAGES = [
    "/",
    "/invoices?status=overdue",
    "/payments?q=1",
    "/customers",
    "/customers/1",
    "/customers/1/statement",
    "/invoices/1",
    "/audit",
]
FOR_A_SCREEN = """() => [...document.querySelectorAll("body :is(button, input, select, summary, a)")]
  .filter((one) => one.checkVisibility() && one.getBoundingClientRect().width > 1)
  .filter((one) => !one.matches("a") || /^(Show|All|Export|as CSV|Edit|Skip|Search)/.test(one.innerText.trim()))
  .map((one) => one.outerHTML.slice(0, 80))"""
TORN = """() => [...document.querySelectorAll(".chart, .table__frame")]
  .filter((one) => one.checkVisibility() && one.querySelectorAll("tbody tr").length <= 25)
  .filter((one) => getComputedStyle(one).breakInside !== "avoid")
  .map((one) => one.outerHTML.slice(0, 80))"""


@pytest.fixture
def paper(open_page):
    """Show a page as it is printed."""
    with open_page(viewport={"width": 718, "height": 1000}, locale="en-US") as page:
        page.emulate_media(media="print")
        yield page


def test_nothing_is_printed_that_only_a_screen_is_for(paper):
    printed = []
    for path in PAGES:
        paper.goto(path)
        printed += [f"{path}: {one}" for one in paper.evaluate(FOR_A_SCREEN)]

    assert printed == []


def test_no_table_that_fits_on_a_page_is_torn(paper):
    torn = []
    for path in PAGES:
        paper.goto(path)
        torn += [f"{path}: {one}" for one in paper.evaluate(TORN)]

    assert torn == []


def test_the_day_is_printed_as_all_days_are(paper):
    paper.goto("/?as_of=2026-10-27")

    expect(paper.locator(".layout__heading")).to_contain_text("Oct 27, 2026")


def test_a_list_prints_what_it_is_narrowed_to_and_which_page_it_is(paper):
    paper.goto("/invoices?status=paid&due_from=2025-01-01&sort=due")

    printed = paper.locator("#results .layout__printed")

    expect(printed).to_have_text("Only invoices with status paid, due from Jan 1, 2025. Page 1 of 5.")
