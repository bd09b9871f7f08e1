"""A real Chromium against the product as a newcomer starts it."""

import io
import shutil
from contextlib import contextmanager

import pytest
from openpyxl import load_workbook
from support.server import running_server

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-sync"]


@pytest.fixture(scope="session")
def chromium():
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed (apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The dashboard with the demo's workbook, and a worker."""
    with running_server(tmp_path_factory.mktemp("data")) as running:
        yield running


@pytest.fixture
def open_page(chromium, server):
    """Open a page in which the demo's user is signed in; what the browser complains of fails the test."""

    @contextmanager
    def opened(**options):
        context = chromium.new_context(base_url=server.address, **options)
        page = context.new_page()
        complaints = []
        page.on("console", lambda message: complaints.append(message.text) if _is_complaint(message) else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto("/sign-in")
        page.get_by_label("E-mail").fill(server.email)
        page.get_by_label("Password").fill(server.password)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("heading", name="What is owed").wait_for()
        yield page
        context.close()
        assert complaints == []

    return opened


@pytest.fixture
def preview(server):
    """Upload the workbook of the demo as it comes back next month: edits, a new invoice, a slip of the keyboard."""

    def uploaded(page):
        book = load_workbook(io.BytesIO((server.data_dir / "imports/1/workbook").read_bytes()))
        invoices = book["Invoices"]
        invoices["E30"].value = 1_250
        invoices["G41"].value = "Yes"
        invoices["E52"].value = "12o.50"
        invoices.insert_rows(244)
        for column, value in enumerate(["NEW-1", invoices["B5"].value, "2026-03-02", "2026-04-01", 480], start=1):
            invoices.cell(244, column).value = value
        content = io.BytesIO()
        book.save(content)
        page.goto("/imports")
        page.get_by_label("Workbook").set_input_files(
            {"name": "receivables-march.xlsx", "mimeType": "application/octet-stream", "buffer": content.getvalue()}
        )
        page.get_by_role("button", name="Upload and check").click()
        page.get_by_role("heading", name="Problems").wait_for()

    return uploaded


def _is_complaint(message) -> bool:
    # What is refused, missing or broken on purpose the browser notes in its own words.
    return message.type == "error" and not any(f"status of {status}" in message.text for status in (404, 422, 500))
