"""The page of jobs: what runs, waits and failed, and what can be done about it."""

import re
from datetime import datetime, timedelta

import pytest
from support.browser import QUICK_HASH, Browser
from support.records import a_customer, a_statement_mail, a_user, an_import
from support.redis_server import running_redis

from app.domain.permissions import Role
from app.files import Files
from app.jobs.heartbeat import Heartbeat
from app.store.access import audit_entries
from app.store.db.tables import ImportModel, StatementMailModel
from app.web.application import build
from app.workbook.import_files import ImportFiles
from app.workbook.reading.progress import Step

EMPTY = "Nothing runs, waits or failed."


@pytest.fixture
def settings(settings, sqlite_url):
    return settings.model_copy(update={"smtp_url": "smtp://127.0.0.1:9", "mail_from": "receivables@example.com"})


@pytest.fixture
def jobs(browser, settings):
    """A function that returns the words of the page."""
    Heartbeat.of(settings).beat()
    return lambda: words(browser.get("/jobs"))


def words(page):
    return " ".join(re.sub("<[^>]*>", " ", page.text.replace("&#39;", "'")).split())


def kept(settings, stored, now=None):
    """The files of an import, of which there is a workbook."""
    files = ImportFiles(Files(settings.files_place), stored.stored_file, now)
    files.files.put(f"{stored.stored_file}/workbook", b"")
    return files


def buttons(browser):
    return [form.action for form in browser.get("/jobs").forms.values() if form.action.startswith("/jobs/")]


def press(browser, action):
    page = browser.get("/jobs")
    [form] = [form for form in page.forms.values() if form.action == action]
    return form.submit(expect_errors=True)


def audited(subject):
    return [(entry.action, entry.actor) for entry in audit_entries.of_subject(subject)]


def test_a_page_without_jobs_says_so(jobs):
    assert EMPTY in jobs()


def test_an_import_that_is_read_is_shown_with_its_step_its_share_and_since_when(jobs, browser, settings, clock):
    stored = an_import("June.xlsx", state="reading", tries=1, begun_at=clock())
    kept(settings, stored, clock).progress(Step("reading Invoices", 500, 2000))

    assert "June.xlsx Workbook read 2 Mar 2026, 09:30 Reading Invoices: 500 of 2,000 rows 1 try" in jobs()
    assert 'value="25" max="100"' in browser.get("/jobs")


def test_an_import_that_nobody_began_waits(jobs):
    an_import("June.xlsx", state="reading", uploaded_at=datetime.fromisoformat("2026-03-02T09:00:00+00:00"))

    assert "Waiting What Kind Since State Action June.xlsx Workbook read 2 Mar 2026, 09:00 Waiting" in jobs()


def test_an_import_that_failed_is_shown_with_the_reason_and_can_be_read_again(jobs, browser, settings, clock):
    stored = an_import("June.xlsx", state="failed", failure="The disk was full.", begun_at=clock())
    kept(settings, stored)

    assert "June.xlsx Workbook read 2 Mar 2026, 09:30 The disk was full." in jobs()
    assert "June.xlsx is read again." in press(browser, f"/jobs/imports/{stored.id}/retry").follow()
    assert ImportModel.get().state == "reading"
    assert audited(f"import:{stored.id}") == [("import.retried", "Ann")]


def test_a_workbook_that_was_not_kept_can_only_be_discarded(jobs, browser, clock):
    an_import("June.xlsx", state="failed", failure="It is no workbook.", begun_at=clock())

    assert "Its file was not kept, as it cannot be read: upload it again." in jobs()
    assert buttons(browser) == ["/jobs/imports/1/cancel"]


def test_an_import_that_is_read_can_be_discarded(jobs, browser, settings):
    stored = an_import("June.xlsx", state="reading")
    files = kept(settings, stored)

    press(browser, "/jobs/imports/1/cancel")

    assert ImportModel.select().count() == 0
    assert files.files.folders() == []
    assert audited("import:1") == [("import.discarded", "Ann")]


@pytest.mark.parametrize("state", ["applying", "undoing"])
def test_an_import_that_is_written_cannot_be_cancelled_and_the_page_says_why(jobs, browser, state):
    an_import("June.xlsx", state=state)

    assert "as a whole or not at all, so it cannot be cancelled halfway" in jobs()
    assert buttons(browser) == []


def test_an_import_that_was_begun_to_be_applied_meanwhile_is_not_discarded(jobs, browser, settings):
    kept(settings, an_import("June.xlsx", state="reading"))
    page = browser.get("/jobs")
    ImportModel.update(state="applying").execute()
    [form] = [form for form in page.forms.values() if form.action == "/jobs/imports/1/cancel"]

    answer = form.submit(expect_errors=True)

    assert answer.status_int == 409
    assert "Only an import that wrote nothing can be discarded." in answer
    assert ImportModel.get().state == "applying"


@pytest.mark.parametrize(("state", "kind"), [("previewed", "Import applied"), ("applied", "Import undone")])
def test_a_step_that_was_refused_is_listed_with_its_reason(jobs, clock, state, kind):
    an_import("June.xlsx", state=state, failure="Later payments depend on it.", begun_at=clock())

    assert f"June.xlsx {kind} 2 Mar 2026, 09:30 Later payments depend on it." in jobs()


def test_what_failed_more_than_a_month_ago_is_no_longer_listed(jobs, clock):
    long_ago = clock() - timedelta(days=31)
    an_import("June.xlsx", state="failed", failure="It is no workbook.", begun_at=long_ago)
    a_statement_mail(a_customer(), state="failed", failure="refused", next_try_at=long_ago)

    assert EMPTY in jobs()


def test_a_mail_that_waits_is_shown_with_its_tries_and_the_next_and_can_be_cancelled(jobs, browser, clock):
    later = clock() + timedelta(minutes=5)
    failure = "the mail server cannot be reached"
    a_statement_mail(a_customer("C1", "Acme"), tries=2, failure=failure, next_try_at=later, asked_at=clock())

    assert (
        "Acme, to books@acme.example Statement mailed 2 Mar 2026, 09:30 The mail server cannot be reached. 2 tries, "
        "the next at 2 Mar 2026, 09:35"
    ) in jobs()
    flash = press(browser, "/jobs/statement-mails/1/cancel").follow()
    assert "The statement to books@acme.example is not sent." in flash
    assert StatementMailModel.get().state == "cancelled"
    assert audited("customer:1") == [("statement.cancelled", "Ann")]


def test_a_mail_that_was_given_up_can_be_sent_again(jobs, browser, clock):
    a_statement_mail(a_customer(), state="failed", tries=6, failure="refused", next_try_at=clock())

    press(browser, "/jobs/statement-mails/1/retry")

    mail = StatementMailModel.get()
    assert (mail.state, mail.tries, mail.failure, mail.next_try_at) == ("waiting", 0, "", clock())
    assert audited("customer:1") == [("statement.retried", "Ann")]


@pytest.mark.parametrize(
    ("action", "state", "sentence"),
    [
        ("cancel", "sent", "Only a mail that waits or was given up can be cancelled"),
        ("cancel", "on its way", "Only a mail that waits or was given up can be cancelled"),
        ("retry", "sent", "Only a mail that was given up can be sent again."),
        ("retry", "cancelled", "Only a mail that was given up can be sent again."),
    ],
)
def test_a_mail_that_moved_on_meanwhile_is_left_as_it_is(jobs, browser, clock, action, state, sentence):
    a_statement_mail(a_customer(), state="failed", next_try_at=clock(), failure="refused")
    page = browser.get("/jobs")
    StatementMailModel.update(state=state).execute()
    [form] = [form for form in page.forms.values() if form.action == f"/jobs/statement-mails/1/{action}"]

    answer = form.submit(expect_errors=True)

    assert answer.status_int == 409
    assert sentence in answer
    assert StatementMailModel.get().state == state


def test_a_mail_on_its_way_cannot_be_called_back(jobs, browser, clock):
    a_statement_mail(a_customer(), state="on its way", tries=1, next_try_at=clock() + timedelta(minutes=15))

    assert (
        "2 Mar 2026, 09:30 Being sent 1 try It is being handed to the mail server, and cannot be called back." in jobs()
    )
    assert buttons(browser) == []


def test_who_is_no_admin_sees_imports_and_no_mails(app, clock):
    an_import("June.xlsx", state="reading")
    a_statement_mail(a_customer("C1", "Acme"))
    a_user("bob@example.com", Role.ACCOUNTANT, "Bob", QUICK_HASH)
    accountant = Browser(app)
    accountant.sign_in("bob@example.com")

    page = words(accountant.get("/jobs"))

    assert "June.xlsx" in page
    assert "Acme" not in page


def test_the_page_is_asked_for_again_while_something_is_to_be_done(jobs, browser):
    before = browser.get("/jobs")
    an_import("June.xlsx", state="reading")
    during = browser.get("/jobs")

    assert "hx-trigger" not in before
    assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in during
    assert 'hx-trigger="every 3s"' in during


def test_what_failed_does_not_have_the_page_asked_for_again(jobs, browser, clock):
    an_import("June.xlsx", state="failed", failure="It is no workbook.", begun_at=clock())

    assert "hx-trigger" not in browser.get("/jobs")


def test_a_queue_in_the_database_is_said_with_what_waits_there(jobs):
    assert "The worker is at work. The queue is in the database and is empty." in jobs()


def test_a_worker_that_is_silent_is_said(jobs, browser, clock):
    clock.advance(days=10_000)
    browser.sign_in()

    assert "The worker has not been heard of for a minute: workbooks and mails wait until it runs" in jobs()


def test_a_queue_in_redis_is_said_with_its_place_and_that_it_is_away(settings, clock, user):
    with running_redis("--requirepass", "secret") as server:
        url = server.url.replace("redis://", "redis://:secret@")
        browser = Browser(build(settings.model_copy(update={"redis_url": url}), clock))
        browser.sign_in()
        answering = words(browser.get("/jobs"))
        server.stop()
        away = browser.get("/jobs")

    assert f"The queue is in Redis at 127.0.0.1:{server.port} and is empty." in answering
    assert f"The queue is in Redis at 127.0.0.1:{server.port} and does not answer" in words(away)
    assert "secret" not in away


@pytest.mark.parametrize("page", ["/system", "/imports", "/automation"])
def test_the_page_is_led_to(browser, page):
    assert 'href="/jobs"' in browser.get(page)
