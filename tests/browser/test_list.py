"""A bookkeeper finds invoices: search, filters, order, pages, views; and does something with many of them."""

import csv
import io
import re

import pytest
from openpyxl import load_workbook
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def numbers(page):
    return page.locator("tbody .table__key a")


def pick(page, *wanted):
    for number in wanted:
        page.get_by_label(f"Pick invoice {number}", exact=True).check()


def downloaded(page, click):
    with page.expect_download() as download:
        click()
    return download.value.path().read_bytes()


def test_the_search_finds_while_it_is_typed_and_stands_in_the_address(open_page, debt):
    with open_page() as page:
        page.goto("/invoices")
        page.keyboard.press("/")
        page.keyboard.type(debt.customer)

        expect(numbers(page)).to_have_text(debt.numbers[::-1])
        page.wait_for_url(re.compile(r"/invoices\?q=Payer"))
        page.reload()
        expect(numbers(page)).to_have_text(debt.numbers[::-1])
        assert page.get_by_label("Search").input_value() == debt.customer


def test_back_leads_out_of_a_search_in_one_step(open_page, debt):
    with open_page() as page:
        page.goto("/invoices")
        for typed in (debt.customer[:-1], debt.customer):
            page.get_by_label("Search").fill(typed)
            page.wait_for_url(lambda url, typed=typed: url.endswith("?q=" + typed.replace(" ", "+")))

        page.go_back()

        page.wait_for_url(lambda url: url.endswith("/invoices"))


def test_filters_order_and_pages_stand_in_the_address(open_page, debts, with_javascript):
    with open_page(java_script_enabled=with_javascript) as page:
        page.goto("/invoices")
        page.get_by_label("Status").select_option("Outstanding")
        page.locator("summary", has_text="More filters").click()
        page.get_by_label("Ledger").select_option("Debts")
        page.get_by_label("Total from").fill("60")
        page.get_by_role("button", name="Search").click()
        expect(page.get_by_text("80 invoices, as of")).to_be_visible()
        assert "status=outstanding" in page.url
        assert "ledger=Debts" in page.url

        page.get_by_role("link", name="Total", exact=True).click()
        expect(page.locator(".picks").get_by_role("columnheader", name="Total")).to_have_attribute(
            "aria-sort", "ascending"
        )
        page.get_by_role("link", name="Total", exact=True).click()
        expect(page.locator(".picks").get_by_role("columnheader", name="Total")).to_have_attribute(
            "aria-sort", "descending"
        )
        expect(page.locator(".picks tbody tr").first).to_contain_text("100.00")

        page.get_by_role("link", name="Next").click()
        expect(page.get_by_text("Page 2 of 2", exact=True)).to_be_visible()
        expect(page.locator(".picks tbody tr").first).to_contain_text("80.00")
        assert "status=outstanding" in page.url
        assert "ledger=Debts" in page.url


def test_a_view_is_saved_opens_the_list_and_is_forgotten(open_page, debt, with_javascript):
    name = f"Mine, {debt.customer}"
    with open_page(java_script_enabled=with_javascript) as page:
        page.goto(f"/invoices?q={debt.customer}")
        page.get_by_text("Save this view").click()
        page.get_by_label("Name").fill(name)
        page.get_by_label("Open the list with it").check()
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_role("status").first).to_have_text(f"The view {name} was saved.")

        page.get_by_role("link", name="Invoices", exact=True).click()
        expect(page.get_by_role("link", name=name)).to_have_attribute("aria-current", "true")
        expect(numbers(page)).to_have_text(debt.numbers[::-1])
        page.get_by_role("link", name="All", exact=True).click()
        expect(page.get_by_role("link", name="All", exact=True)).to_have_attribute("aria-current", "true")

        page.get_by_role("link", name="Manage views").click()
        page.get_by_role("button", name=f"Delete {name}").click()
        expect(page.get_by_role("status").first).to_have_text("The view was deleted.")
        page.goto("/invoices")
        expect(page.get_by_role("link", name=name)).to_have_count(0)


def test_many_are_paid_in_full_after_a_look_at_what_will_be(open_page, debt, with_javascript):
    with open_page(java_script_enabled=with_javascript) as page:
        page.goto(f"/invoices?q={debt.customer}")
        pick(page, *debt.numbers[:2])
        page.get_by_role("button", name="Mark as paid").click()
        expect(page.get_by_text("One payment is recorded for each invoice below")).to_contain_text("150.00 USD")
        page.get_by_label("Reference").fill("RF 5")
        page.get_by_role("button", name="Record 2 payments").click()

        expect(page.get_by_role("status").first).to_have_text("Recorded payment in full of 2 invoices: 150.00 USD.")
        expect(page.locator(".picks tbody .badge")).to_have_text(["Overdue", "Paid", "Paid"])


def test_what_was_done_with_many_is_undone_by_one_key(open_page, debt):
    with open_page() as page:
        page.goto(f"/invoices?q={debt.customer}")
        pick(page, *debt.numbers[:2])
        page.get_by_role("button", name="Mark as paid").click()
        page.get_by_role("button", name="Record 2 payments").click()
        expect(page.locator(".picks tbody .badge")).to_have_text(["Overdue", "Paid", "Paid"])

        page.keyboard.press("u")

        expect(page.get_by_role("status").first).to_contain_text("2 payments were voided")
        expect(page.locator(".picks tbody .badge")).to_have_text(["Overdue", "Overdue", "Overdue"])


def test_many_are_marked_as_disputed_and_no_longer(open_page, debt, with_javascript):
    with open_page(java_script_enabled=with_javascript) as page:
        page.goto(f"/invoices?q={debt.customer}")
        page.get_by_label("all 3 of the list").check()
        page.get_by_role("button", name="Disputed …", exact=True).click()
        page.get_by_role("button", name="Mark 3 invoices").click()
        expect(page.locator("#reason-error")).to_have_text("Please fill this in.")
        page.get_by_label("What is disputed").fill("delivered late")
        page.get_by_role("button", name="Mark 3 invoices").click()
        expect(page.get_by_role("status").first).to_have_text("Marked 3 invoices as disputed.")
        expect(page.locator("tbody .badge--disputed")).to_have_count(3)

        pick(page, debt.numbers[0])
        page.get_by_role("button", name="Clear dispute …").click()
        page.get_by_role("button", name="Mark 1 invoice").click()
        expect(page.get_by_role("status").first).to_have_text("Marked 1 invoice as no longer disputed.")
        expect(page.locator("tbody .badge--disputed")).to_have_count(2)


def test_nothing_picked_is_said_and_the_list_is_still_there(open_page, debt):
    with open_page() as page:
        page.goto(f"/invoices?q={debt.customer}")
        page.get_by_role("button", name="Mark as paid").click()
        expect(page.locator("main")).to_contain_text("Pick at least one invoice of the list first.")

        page.go_back()
        expect(numbers(page)).to_have_count(3)


def test_what_is_picked_what_is_listed_and_a_csv_are_exported(open_page, debt):
    with open_page() as page:
        page.goto(f"/invoices?q={debt.customer}")
        pick(page, debt.numbers[1])
        picked = downloaded(page, page.get_by_role("button", name="Export", exact=True).click)
        assert [row[0] for row in invoice_rows(picked)] == [debt.numbers[1]]

        listed = downloaded(page, page.get_by_role("link", name="Export as Excel").click)
        assert sorted(row[0] for row in invoice_rows(listed)) == debt.numbers

        text = downloaded(page, page.get_by_role("link", name="as CSV").click).decode("utf-8-sig")
        assert sorted(row[0] for row in csv.reader(io.StringIO(text)))[:3] == debt.numbers


def invoice_rows(content):
    tab = load_workbook(io.BytesIO(content))["Invoices"]
    return [row for row in tab.iter_rows(values_only=True) if row[0] and str(row[0]).startswith("B")]


def test_a_page_is_picked_at_once_and_its_sum_is_told(open_page, debt):
    with open_page() as page:
        page.goto(f"/invoices?q={debt.customer}")
        page.get_by_label("Select all of this page").check()

        expect(page.locator(".picks tbody :checked")).to_have_count(3)
        expect(page.locator(".picks__sum")).to_have_text("230.00 USD")

        page.get_by_label(f"Pick invoice {debt.numbers[1]}").uncheck()
        expect(page.locator(".picks__sum")).to_have_text("180.00 USD")
        page.get_by_label("Select all of this page").check()
        page.get_by_label("Select all of this page").uncheck()
        expect(page.locator(".picks__sum")).to_have_text("")
