"""The dashboard: figures of any day, the same in charts and tables, each currency by itself; and who may only look."""

import io
import re
from datetime import timedelta

import pytest
from openpyxl import Workbook
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def euros():
    """A workbook with debts in euros and in dollars."""
    book = Workbook()
    sheet = book.active
    sheet.title = "Export"
    sheet.append(["Invoice No", "Customer", "Invoice Date", "Due Date", "Amount", "Currency"])
    sheet.append(["E-1", "Bäckerei Ölmann", "2026-01-05", "2026-02-04", 1000, "EUR"])
    sheet.append(["E-2", "Bäckerei Ölmann", "2026-01-06", "2026-02-05", 500.5, "USD"])
    content = io.BytesIO()
    book.save(content)
    return {"name": "export.xlsx", "mimeType": "application/octet-stream", "buffer": content.getvalue()}


@pytest.fixture(scope="module")
def viewer(command):
    command("create-user", "--email", "vic@example.com", "--role", "viewer", "--password-stdin", says=PASSWORD)
    return "vic@example.com", PASSWORD


def test_the_dashboard_is_turned_back_to_an_earlier_day(open_page, figure, today, with_javascript):
    with open_page(java_script_enabled=with_javascript) as page:
        page.goto("/")
        now = figure(page, "Outstanding")
        page.get_by_label("As of").fill((today - timedelta(days=90)).isoformat())
        page.get_by_role("button", name="Show").click()
        page.get_by_role("link", name="Today", exact=True).wait_for()
        then = figure(page, "Outstanding")
        assert then != now

        page.locator("dt", has_text="Outstanding").first.locator("xpath=following-sibling::dd").first.get_by_role(
            "link"
        ).click()
        total = page.locator(".table--totals tbody tr")
        expect(total).to_contain_text(then)

        page.go_back()
        page.get_by_role("link", name="Today", exact=True).click()
        assert figure(page, "Outstanding") == now


def test_a_chart_is_read_as_a_table_and_leads_to_its_invoices(open_page, figure):
    with open_page() as page:
        page.goto("/")
        chart = page.locator("figure", has_text="Outstanding by age")
        expect(chart.get_by_role("img")).to_be_visible()
        chart.get_by_text("Show as a table").click()
        row = chart.get_by_role("row", name="Over 90 days late")
        amount = row.get_by_role("cell").inner_text()

        row.get_by_role("link").click()

        expect(page.locator(".table--totals tbody tr")).to_contain_text(amount)


def test_currencies_stand_side_by_side_and_are_never_added_up(open_page, euros, figure):
    with open_page() as page:
        page.goto("/")
        dollars = figure(page, "Outstanding")
        page.goto("/imports")
        page.get_by_label("Workbook").set_input_files(euros)
        page.get_by_role("button", name="Upload and check").click()
        page.get_by_role("button", name=re.compile("^Import ")).first.click()
        page.get_by_text("Undo this import").wait_for()

        page.goto("/")
        euro = page.locator("section", has=page.get_by_role("heading", name="EUR"))
        assert figure(euro, "Outstanding") == "1,000.00"
        dollar = page.locator("section", has=page.get_by_role("heading", name="USD"))
        assert cents(figure(dollar, "Outstanding")) == cents(dollars) + 500_50

        page.goto("/invoices?q=Ölmann")
        expect(page.locator(".table--totals tbody tr")).to_have_count(2)
        page.goto("/customers?q=Ölmann")
        expect(page.locator("tbody tr")).to_have_count(2)
        page.get_by_role("link", name="Bäckerei Ölmann").first.click()
        # The keys are those of the page that one sees: pressed before it is there, they were those of the list.
        page.get_by_role("heading", name="Bäckerei Ölmann").wait_for()
        page.wait_for_load_state()
        page.keyboard.press("p")
        page.get_by_role("heading", name="Payment from Bäckerei Ölmann").wait_for()
        page.get_by_role("link", name="USD").click()
        expect(page.get_by_role("cell", name="500.50")).to_be_visible()
        page.get_by_role("link", name="EUR").click()
        expect(page.get_by_role("cell", name="1,000.00")).to_be_visible()


def cents(text):
    return int(text.replace(",", "").replace(".", ""))


def test_a_viewer_sees_everything_is_offered_nothing_and_is_refused_by_the_server(open_page, viewer):
    with open_page(*viewer) as page:
        for path in ("/", "/invoices", "/invoices/1", "/payments", "/customers", "/customers/1", "/imports"):
            page.goto(path)
            for offered in ("New invoice", "Record a payment", "Edit", "Void", "Mark as paid …"):
                assert page.locator("a, button, summary", has_text=re.compile(f"^{offered}$")).count() == 0, (
                    f"{offered} at {path}"
                )

        for path in ("/invoices/new", "/invoices/1/edit", "/payments/new", "/customers/new"):
            assert page.goto(path).status == 403
        token = page.locator("input[name=csrf_token]").first.get_attribute("value")
        answer = page.request.post("/invoices/1/status", form={"csrf_token": token, "change": "void", "reason": "x"})
        assert answer.status == 403
        assert "Your role, viewer, does not include the right to" in answer.text()
