"""A bookkeeper looks a customer up, changes what is known of it, and states its account."""

import io

import pytest
from openpyxl import load_workbook
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def open_customer(page, debt):
    page.goto("/customers")
    page.get_by_label("Search").fill(debt.customer)
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name=debt.customer).click()
    page.get_by_role("heading", name=debt.customer).wait_for()


def test_a_customer_is_found_and_shows_what_is_owed(open_page, debt, figure, with_javascript):
    with open_page(java_script_enabled=with_javascript) as page:
        open_customer(page, debt)

        assert figure(page, "Outstanding") == "230.00"
        assert figure(page, "Overdue") == "230.00"
        expect(page.locator("section", has_text="Open invoices").locator("tbody tr td.table__lead")).to_have_text(
            debt.numbers
        )


def test_a_customer_is_edited_and_a_slip_is_said_beside_its_field(open_page, debt, with_javascript):
    with open_page(java_script_enabled=with_javascript) as page:
        open_customer(page, debt)
        page.get_by_role("link", name="Edit").click()
        page.get_by_label("E-mail").fill("nowhere")
        page.get_by_label("Phone").fill("555-0199")
        page.get_by_role("button", name="Save").click()
        expect(page.locator("#email-error")).to_have_text("An e-mail address has an @ in it.")
        assert page.get_by_label("Phone").input_value() == "555-0199"

        page.get_by_label("E-mail").fill("books@payer.example")
        page.get_by_role("button", name="Save").click()

        expect(page.get_by_role("status").first).to_have_text(f"{debt.customer} was saved.")
        expect(page.get_by_role("link", name="books@payer.example").first).to_be_visible()


@pytest.mark.emulated
def test_a_statement_is_read_printed_and_taken_as_a_workbook(open_page, debt):
    with open_page() as page:
        open_customer(page, debt)
        page.keyboard.press("s")
        page.get_by_role("heading", name="Statement of account").wait_for()
        expect(page.get_by_role("row", name="Outstanding").first).to_contain_text("230.00")
        page.get_by_role("link", name="Activity", exact=True).click()
        page.get_by_label("From").fill("2026-01-01")
        page.get_by_role("button", name="Show").click()
        expect(page.locator(".statement__lines tbody tr")).to_have_count(5)
        expect(page.get_by_role("row", name="Closing balance")).to_contain_text("230.00")

        with page.expect_download() as download:
            page.get_by_role("link", name="Export as Excel").click()
        tab = load_workbook(io.BytesIO(download.value.path().read_bytes())).active
        said = [value for row in tab.iter_rows(values_only=True) for value in row]
        assert set(debt.numbers) <= set(said)

        page.evaluate("window.print = () => { document.title = 'Printed' }")
        page.get_by_role("button", name="Print").click()
        expect(page).to_have_title("Printed")

        page.emulate_media(media="print")
        assert not page.get_by_role("button", name="Print").is_visible()
        assert page.locator(".statement__lines").is_visible()
        assert not page.get_by_role("button", name="Show").is_visible()
        assert not page.get_by_role("navigation", name="Main").is_visible()
        assert not page.locator(".statement__links").is_visible()
