"""A real browser against the product as a newcomer starts it: Chromium, or Firefox with BROWSER=firefox."""

import os
import re
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from support import browsers, command_line
from support.next_month import upload_next_month
from support.server import running_server
from support.workbooks import INVOICES, workbook

from app import clock

DEBTS = 40


def pytest_collection_modifyitems(items):
    if browsers.CHOSEN == "firefox":
        for item in items:
            if item.get_closest_marker("emulated"):
                item.add_marker(pytest.mark.skip(browsers.FIREFOX_HAS_NO))


@pytest.fixture(scope="session")
def browser():
    with browsers.launched() as running:
        yield running


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The dashboard with the demo's workbook, and a worker."""
    with running_server(tmp_path_factory.mktemp("data")) as running:
        yield running


@pytest.fixture(scope="module")
def command(server):
    """Run a command of `invoices` beside the running server, and return what it says."""

    def run(*words, says=""):
        environment = {**os.environ, "DATA_DIR": str(server.data_dir), "PUBLIC_URL": server.address}
        done = command_line.run(environment, *words, says=says)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@dataclass(frozen=True)
class Debt:
    """Who owes, and the numbers of the three invoices, the longest due first."""

    customer: str
    numbers: list[str]


@pytest.fixture(scope="module")
def debts(command, tmp_path_factory):
    """Bring in customers who owe nobody but us, all at once, as an import takes its time."""
    made = [Debt(f"Payer {at:02d}", [f"B{at:02d}-{number}" for number in (1, 2, 3)]) for at in range(1, DEBTS + 1)]
    rows = [
        [number, debt.customer, "2026-01-05", f"2026-02-0{at}", amount]
        for debt in made
        for at, (number, amount) in enumerate(zip(debt.numbers, (100, 50, 80), strict=True), start=1)
    ]
    command("import", str(workbook(tmp_path_factory.mktemp("debts"), {"Debts": [INVOICES, *rows]})), "--apply")
    return iter(made)


@pytest.fixture
def debt(debts):
    """A customer of the test's own who owes 100.00, 50.00 and 80.00, all of it overdue."""
    return next(debts)


@pytest.fixture(scope="module")
def login(browser, server):
    """Sign in once, and return what the browser keeps of it."""
    kept = {}

    def signed_in(email=server.email, password=server.password):
        if email not in kept:
            context = browser.new_context(base_url=server.address)
            page = context.new_page()
            page.goto("/sign-in")
            page.get_by_label("E-mail").fill(email)
            page.get_by_label("Password").fill(password)
            page.get_by_role("button", name="Sign in", exact=True).click()
            page.get_by_role("heading", name="What is owed").wait_for()
            kept[email] = context.storage_state()
            context.close()
        return kept[email]

    return signed_in


@pytest.fixture
def open_page(browser, server, login):
    """Open a window in which the demo's user, or another, is signed in; a complaint of the browser fails the test."""

    @contextmanager
    def opened(*who, **options):
        browsers.skip_what_firefox_lacks(options)
        context = browser.new_context(base_url=server.address, storage_state=login(*who), **options)
        context.set_default_timeout(10_000)
        page = context.new_page()
        complaints = []
        page.on("console", lambda message: complaints.append(message.text) if _is_complaint(message) else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield page
        context.close()
        assert complaints == []

    return opened


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without JavaScript"])
def with_javascript(request):
    """Say whether the browser runs scripts: each flow of forms is gone through both ways."""
    return request.param


@pytest.fixture
def open_invoice():
    """Look an invoice up by its number and open its page."""

    def opened(page, number):
        page.goto(f"/invoices?q={number}")
        page.get_by_role("link", name=number, exact=True).click()
        page.get_by_role("heading", name=f"Invoice {number}").wait_for()

    return opened


@pytest.fixture
def figure():
    """Read a figure of a page by its name."""

    def read(page, name):
        return page.locator("dt", has_text=name).first.locator("xpath=following-sibling::dd").first.inner_text()

    return read


@pytest.fixture(scope="session")
def today():
    return clock.utc_now().date()


@pytest.fixture
def receive(command, server, browser, today):
    """Bring in money as a program does, with a token of the demo's user."""
    said = command("create-token", "--email", server.email, "--name", "n8n", "--rights", "payments")
    token = re.search(r"invoices_\S+", said)[0]

    def received(number, amount_cents, payer, reference=""):
        money = {"amount_cents": amount_cents, "currency": "USD", "paid_on": today.isoformat()}
        key = number.replace(" ", "-")
        body = {"provider": "stripe", "provider_payment_id": key, "payer": payer, "reference": reference, **money}
        context = browser.new_context(base_url=server.address)
        answer = context.request.post(
            "/api/v1/incoming-payments",
            data=body,
            headers={"Authorization": f"Bearer {token}", "Idempotency-Key": key},
        )
        assert answer.status == 201
        incoming_id = answer.json()["id"]
        context.close()
        return incoming_id

    return received


@pytest.fixture
def preview(server):
    """Upload the workbook of the demo as it comes back next month: edits, a new invoice, a slip of the keyboard."""

    def uploaded(page):
        upload_next_month(page, server)

    return uploaded


def _is_complaint(message) -> bool:
    # What is refused, missing or broken on purpose the browser notes in its own words.
    expected = [f"status of {status}" for status in (400, 403, 404, 409, 422, 500, 503)]
    return message.type == "error" and not any(
        words in message.text for words in [*expected, "net::ERR_FAILED", "htmx:send", "htmx:afterRequest"]
    )
