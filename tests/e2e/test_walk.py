"""A bookkeeper's first day in a real browser, over HTTPS whose certificate the browser has verified."""

import os
import re
import shutil
import subprocess
from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook

from tests.support.browsers import installed_chromium
from tests.support.docker_engine import install
from tests.support.operators import DOMAIN

CHROMIUM = installed_chromium(headless_shell=False)
EMAIL = "bookkeeper@example.com"


@pytest.fixture
def password(serving) -> str:
    """The one-time password of a bookkeeper, made as an operator makes one."""
    if EMAIL in serving.invoices("users"):
        printed = serving.invoices("reset-password", "--email", EMAIL)
    else:
        printed = serving.operator.fab("create-user", "--email", EMAIL, "--role", "accountant").printed
    return re.search(r"shown only now: (\S+)", printed)[1]


@pytest.fixture
def page(serving, tmp_path):
    """A browser that trusts the server's own certificate authority and nobody else beyond its own."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed (apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    trust(serving.site().authority, tmp_path)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            env={**os.environ, "HOME": str(tmp_path)},
            args=["--no-sandbox", "--disable-gpu", f"--host-resolver-rules=MAP {DOMAIN} {serving.instance.address}"],
        )
        page = browser.new_page(base_url=f"https://{DOMAIN}", locale="en-US")
        page.set_default_timeout(20_000)
        yield page
        browser.close()


def trust(authority: str, home: Path) -> None:
    if not shutil.which("certutil"):
        install("libnss3-tools")
    store = home / ".pki" / "nssdb"
    store.mkdir(parents=True)
    (home / "authority.pem").write_text(authority)
    for words in (["-N", "--empty-password"], ["-A", "-n", "server", "-t", "C,,", "-i", str(home / "authority.pem")]):
        subprocess.run(["certutil", "-d", f"sql:{store}", *words], check=True, timeout=60)


def a_workbook(path: Path) -> Path:
    book = Workbook()
    book.active.append(["Invoice No", "Customer", "Invoice Date", "Due Date", "Amount"])
    book.active.append(["W-1", "Walker", date(2026, 1, 5), date(2026, 2, 4), 250])
    book.save(path)
    return path


def test_a_bookkeeper_signs_in_imports_a_workbook_and_records_a_payment(page, password, tmp_path):
    answer = page.goto("/sign-in")
    assert answer.security_details()["subjectName"] == ""  # Caddy's names stand in the alternative names only
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("heading", name="What is owed").wait_for()

    page.goto("/imports")
    page.get_by_label("Workbook").set_input_files(a_workbook(tmp_path / "walk.xlsx"))
    page.get_by_role("button", name="Upload and check").click()
    page.get_by_role("heading", name="What the workbook holds").wait_for()
    page.get_by_role("button", name=re.compile("^Import .* invoice")).first.click()
    page.get_by_text("Undo this import").wait_for()

    page.goto("/invoices?q=W-1")
    page.get_by_role("link", name="W-1").first.click()
    page.locator("summary", has_text="Record a payment").click()
    page.locator("#payment").get_by_label("Amount").fill("1.00")
    page.get_by_role("button", name="Record the payment").click()
    page.get_by_text("Recorded 1.00 USD for invoice W-1.").first.wait_for()
