"""No page keeps anybody out: axe-core finds nothing serious, and nothing is wider than a telephone."""

import pytest
from support.axe import violations, violations_in_both_themes
from support.pages import PAGES


@pytest.mark.browser
def test_axe_finds_nothing_serious_on_any_page(open_page):
    found = []
    with open_page() as page:
        for path in PAGES:
            page.goto(path)
            page.evaluate("document.querySelectorAll('main details').forEach((one) => { one.open = true; })")
            found += violations_in_both_themes(page)
        page.keyboard.press("Shift+?")
        found += violations_in_both_themes(page)
        page.context.clear_cookies()
        page.goto("/sign-in")
        found += violations_in_both_themes(page)

    assert found == []


@pytest.mark.browser
def test_axe_finds_nothing_serious_in_forms_that_came_back_or_look_ahead(open_page, debt):
    found = []
    with open_page() as page:
        for walk in (a_refused_invoice, a_refused_payment, a_payment_just_recorded, a_refused_bulk, a_saved_view):
            walk(page, debt)
            page.evaluate("document.querySelectorAll('main details').forEach((one) => { one.open = true; })")
            found += violations_in_both_themes(page)

    assert found == []


def a_refused_invoice(page, _):
    page.goto("/invoices/new")
    page.get_by_role("button", name="Enter the invoice").click()
    page.get_by_role("alert").wait_for()


def a_refused_payment(page, debt):
    page.goto(f"/invoices?q={debt.numbers[0]}")
    page.get_by_role("link", name=debt.numbers[0], exact=True).click()
    page.locator("summary", has_text="Record a payment").click()
    page.locator("#payment").get_by_label("Amount").fill("170.00")
    page.get_by_role("button", name="Record the payment").click()
    page.get_by_label("Keep the rest as credit of the customer").wait_for()


def a_payment_just_recorded(page, _):
    page.get_by_label("Keep the rest as credit of the customer").check()
    page.get_by_role("button", name="Record the payment").click()
    page.get_by_text("Undo: void the payment").wait_for()


def a_refused_bulk(page, debt):
    page.goto(f"/invoices?q={debt.customer}")
    page.get_by_label("all 3 of the list").check()
    page.get_by_role("button", name="Disputed …", exact=True).click()
    page.get_by_role("button", name="Mark").click()
    page.get_by_text("Please fill this in.").wait_for()


def a_saved_view(page, debt):
    page.goto(f"/invoices?q={debt.numbers[1]}")
    page.get_by_text("Save this view").click()
    page.get_by_label("Name").fill(debt.numbers[1])
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("link", name="Manage views").click()
    page.get_by_label(f"New name of {debt.numbers[1]}").fill("")
    page.get_by_role("row", name=debt.numbers[1]).get_by_role("button", name="Rename").click()
    page.get_by_text("Please fill this in.").wait_for()


@pytest.mark.browser
def test_axe_finds_nothing_serious_on_a_preview(open_page, preview):
    with open_page() as page:
        preview(page)

        assert violations(page) == []


@pytest.mark.browser
def test_nothing_is_wider_than_a_telephone(open_page, preview):
    too_wide = []
    with open_page(viewport={"width": 360, "height": 740}) as page:
        for path in PAGES:
            page.goto(path)
            if page.evaluate("document.documentElement.scrollWidth") > 360:
                too_wide.append(path)
        preview(page)
        assert page.evaluate("document.documentElement.scrollWidth") == 360

    assert too_wide == []


@pytest.mark.browser
def test_nothing_to_press_is_smaller_than_a_fingertip(open_page):
    """24 pixels: a target's own height, or its distance to the next where it stands in a line of text or of a table."""
    small = []
    with open_page(viewport={"width": 360, "height": 740}) as page:
        for path in PAGES:
            page.goto(path)
            small += [f"{path}: {one}" for one in page.evaluate(SMALL_TARGETS)]

    assert small == []


SMALL_TARGETS = """() => [...document.querySelectorAll("button, summary, select, nav a, footer a, td a, input")]
  .filter((one) => one.type !== "hidden")
  .filter((one) => one.checkVisibility())
  .filter((one) => !["checkbox", "radio"].includes(one.type) || !one.closest("label, td"))
  .filter((one) => Math.max(one.getBoundingClientRect().height, one.closest("td")?.offsetHeight || 0) < 24)
  .map((one) => one.outerHTML.slice(0, 80))"""
