"""The page of jobs on a telephone, by keyboard, and as it renews itself."""

from datetime import UTC, datetime, timedelta

import pytest
from support.drilled_server import opened
from support.records import a_customer, a_statement_mail

from app.store.db.tables import CustomerModel, StatementMailModel

TELEPHONE = {"viewport": {"width": 390, "height": 844}}
WIDTH = "document.documentElement.scrollWidth"
LONG = "A customer with quite a long name of its own Ltd"


@pytest.fixture
def waiting(server):
    """A mail that waits for another hour, beside one that was given up."""
    now = datetime.now(UTC)
    [database] = server.data_dir.glob("*.sqlite3")
    with opened(f"sqlite:///{database}"):
        customer = a_customer("JOBS", LONG)
        a_statement_mail(customer, key="failed", state="failed", failure="refused", next_try_at=now)
        later = {"recipient": "later@acme.example", "asked_at": now, "next_try_at": now + timedelta(hours=1)}
        yield a_statement_mail(customer, key="waiting", **later)
        StatementMailModel.delete().execute()
        CustomerModel.delete().where(CustomerModel.id == customer.id).execute()


@pytest.mark.browser
def test_nothing_is_wider_than_a_telephone(open_page, waiting):
    with open_page(**TELEPHONE) as page:
        page.goto("/jobs")
        page.get_by_role("heading", name="Failed").wait_for()

        assert page.evaluate(WIDTH) == 390


@pytest.mark.browser
def test_a_job_that_is_done_leaves_the_page_by_itself_and_a_button_keeps_its_focus(open_page, waiting):
    with open_page() as page:
        page.goto("/jobs")
        page.get_by_role("button", name="Send again").focus()
        StatementMailModel.update(state="sent").where(StatementMailModel.id == waiting.id).execute()

        page.get_by_role("heading", name="Waiting").wait_for(state="detached")
        assert page.evaluate("document.activeElement.textContent") == "Send again"


@pytest.mark.browser
def test_a_mail_is_cancelled_by_keyboard(open_page, waiting):
    with open_page() as page:
        page.goto("/jobs")
        page.get_by_role("button", name=f"Cancel: {LONG}, to later@acme.example").focus()
        page.keyboard.press("Enter")

        page.get_by_text("The statement to later@acme.example is not sent.").wait_for()
