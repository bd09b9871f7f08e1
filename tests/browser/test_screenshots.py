"""The pictures of the documentation, taken of the product itself after some days of work with it."""

import os
import re
from pathlib import Path

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.emulated]

WIDE = {"viewport": {"width": 1200, "height": 860}}
LONGEST = {"dashboard": 1195}
LOOKS = {"": WIDE, "-dark": {**WIDE, "color_scheme": "dark"}, "-phone": {"viewport": {"width": 390, "height": 844}}}


@pytest.fixture
def folder(tmp_path):
    return Path(os.environ.get("SCREENSHOTS", tmp_path))


@pytest.fixture(scope="module")
def ledger(browser, server, login):
    """The demo's data with what a week brings: a dispute, a note, payments in part, a receipt, saved views."""
    context = browser.new_context(base_url=server.address, storage_state=login())
    page = context.new_page()
    disputed = largest(page, "/invoices?status=overdue&sort=-balance")
    page.goto(f"{disputed}/edit")
    page.get_by_label("Notes").fill("Call Ms. Okafor in accounts before any reminder.")
    page.get_by_role("button", name="Save").click()
    act(page, "Dispute", {"What is disputed": "Two of twelve chairs were damaged"}, "Mark as disputed")
    act(
        page,
        "Record a payment",
        {"Amount": "1,000.00", "Method": "Bank transfer", "Reference": "RF 4411"},
        "Record the",
    )
    page.goto("/customers?sort=-balance")
    late = page.locator("tbody tr", has=page.locator(".table__state:not(:empty)")).first
    owing = late.get_by_role("link").get_attribute("href")
    partly_paid = largest(page, "/invoices?status=open&sort=-balance")
    page.goto(partly_paid)
    act(page, "Record a payment", {"Amount": "640.00", "Method": "Card"}, "Record the")
    for name, query in (("To be called", "status=overdue&sort=due"), ("Above 1,000", "status=outstanding&least=1000")):
        page.goto(f"/invoices?{query}")
        page.get_by_text("Save this view").click()
        page.get_by_label("Name").fill(name)
        page.get_by_role("button", name="Save", exact=True).click()
    context.close()
    return {"disputed": disputed, "owing": owing}


def largest(page, path):
    """The address of what stands first in the list."""
    page.goto(path)
    address = page.locator("tbody tr").first.locator("a").first.get_attribute("href")
    return address.partition("?")[0]


def act(page, action, texts, button):
    page.locator("summary", has_text=re.compile(f"^{action}$")).click()
    for label, text in texts.items():
        page.locator("details.action[open]").get_by_label(label).fill(text)
    page.locator("details.action[open]").get_by_role("button", name=button).click()
    page.locator("details.action[open]").wait_for(state="detached")


def take(page, path, longest):
    """Take the page from its top, no longer than it is."""
    page.evaluate("document.fonts.ready")
    page.evaluate("document.documentElement.style.scrollbarWidth = 'none'")
    end = page.evaluate("document.querySelector('footer').getBoundingClientRect().bottom + scrollY")
    width = page.viewport_size["width"]
    page.screenshot(path=path, full_page=True, clip={"x": 0, "y": 0, "width": width, "height": min(end, longest)})
    assert path.stat().st_size > 10_000


@pytest.mark.parametrize("look", LOOKS, ids=["light", "dark", "telephone"])
def test_the_daily_pages_are_pictured(open_page, ledger, preview, folder, look):
    longest = 1000 if look == "-phone" else 1250
    with open_page(**LOOKS[look]) as page:
        for name, path in (
            ("dashboard", "/"),
            ("invoices", "/invoices?status=outstanding"),
            ("invoice", ledger["disputed"]),
            ("customer", ledger["owing"]),
        ):
            page.goto(path)
            page.wait_for_load_state("networkidle")
            take(page, folder / f"{name}{look}.png", min(longest, LONGEST.get(name, longest)))
        preview(page)
        take(page, folder / f"preview{look}.png", longest)


def test_forms_and_statements_are_pictured(open_page, ledger, folder, receive):
    with open_page(**WIDE) as page:
        page.goto(f"{ledger['owing']}/statement")
        take(page, folder / "statement.png", 1250)

        page.goto(f"/payments/new?customer={ledger['owing'].rpartition('/')[2]}")
        page.get_by_label("Received").fill("3000")
        page.get_by_label("Reference").fill("RF 4427")
        page.get_by_role("button", name="Apply to oldest first").click()
        page.get_by_text("Nothing is recorded yet.").wait_for()
        take(page, folder / "payment.png", 1250)

        page.goto(f"/invoices?customer={ledger['owing'].rpartition('/')[2]}&status=outstanding")
        row = page.locator("tbody tr").first
        name = row.locator("a[href^='/customers/']").inner_text()
        number = row.locator("a[href^='/invoices/']").first.inner_text()
        receive("pi_3PZk", 250_00, name, f"{number}, first half")
        receive("pi_3Q1x", 1_180_00, name, "March")
        receive("re_3Q2b", -64_00, "R. Pereira", "Chargeback")
        page.goto("/payments/incoming")
        take(page, folder / "incoming.png", 1250)

        page.goto("/invoices?status=overdue&sort=due")
        for box in page.locator(".picks tbody input").all()[:5]:
            box.check()
        page.get_by_role("button", name="Mark as paid").click()
        page.get_by_role("heading", name="Mark as paid").wait_for()
        take(page, folder / "bulk.png", 1250)


def test_the_way_into_excel_is_pictured(open_page, server, ledger, folder):
    with open_page(**WIDE) as page:
        page.goto("/views")
        page.get_by_role("row", name="To be called").get_by_role("link", name="Use in Excel").click()
        take(page, folder / "excel-address.png", 900)

        page.get_by_label("Your password").fill(server.password)
        page.get_by_role("button", name="Make a password").click()
        page.get_by_role("heading", name="The password “Excel: To be called”").wait_for()
        take(page, folder / "excel-password.png", 900)
