"""Mails with links and deliveries of webhooks on the page of jobs, and what every kind of work there has in common."""

import re
from datetime import timedelta

import pytest
from support.records import a_delivery, a_link_mail, a_user
from support.workbooks import an_importer

from app.domain.permissions import Role
from app.jobs.heartbeat import Heartbeat
from app.store.access import audit_entries
from app.store.db import tables
from app.store.db.tables import LinkMailModel, WebhookDeliveryModel
from app.web.routes import job_sources


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


def buttons(browser):
    return [form.action for form in browser.get("/jobs").forms.values() if form.action.startswith("/jobs/")]


def press(browser, action, meanwhile=lambda: None):
    page = browser.get("/jobs")
    [form] = [form for form in page.forms.values() if form.action == action]
    meanwhile()
    return form.submit(expect_errors=True)


def audited(subject):
    return [(entry.action, entry.actor) for entry in audit_entries.of_subject(subject)]


def test_a_source_without_jobs_costs_one_query(sqlite, clock, tmp_path, monkeypatch):
    sources = job_sources(an_importer(tmp_path / "data"), None, None)
    queries = {source.name: [] for source in sources}
    execute = tables.database.execute_sql
    for source in sources:
        asked = queries[source.name]
        monkeypatch.setattr(
            tables.database.obj, "execute_sql", lambda *sql, asked=asked: asked.append(sql) or execute(*sql)
        )
        assert list(source.rows(clock())) == []

    assert {name: len(asked) for name, asked in queries.items()} == {
        "imports": 1,
        "statement-mails": 1,
        "link-mails": 1,
        "deliveries": 1,
    }


def test_a_link_that_is_tried_again_is_shown_with_its_user_and_can_be_cancelled(jobs, browser, clock):
    eve = a_user("eve@example.com", Role.VIEWER, "Eve")
    later, failure = clock() + timedelta(minutes=5), "the mail server cannot be reached"
    a_link_mail("Eve@example.com", "invite", tries=2, failure=failure, next_try_at=later, asked_at=clock())

    assert (
        "Eve@example.com Invitation mailed 2 Mar 2026, 09:30 The mail server cannot be reached. 2 tries, "
        "the next at 2 Mar 2026, 09:35"
    ) in jobs()
    assert f'href="/users/{eve.id}"' in browser.get("/jobs")
    flash = press(browser, "/jobs/link-mails/1/cancel").follow()
    assert "The link to Eve@example.com is not sent." in flash
    assert LinkMailModel.get().state == "cancelled"
    assert audited(f"user:{eve.id}") == [("link.cancelled", "Ann")]


def test_a_link_that_was_given_up_can_be_sent_again(jobs, browser, clock):
    eve = a_user("eve@example.com", Role.VIEWER, "Eve")
    a_link_mail(state="failed", tries=6, failure="refused", next_try_at=clock())

    assert "eve@example.com New password mailed 2 Mar 2026, 09:30 Refused. 6 tries" in jobs()
    flash = press(browser, "/jobs/link-mails/1/retry").follow()

    assert "Another link is sent to eve@example.com." in flash
    mail = LinkMailModel.get()
    assert (mail.state, mail.tries, mail.failure, mail.next_try_at) == ("waiting", 0, "", clock())
    assert audited(f"user:{eve.id}") == [("link.retried", "Ann")]


def test_a_link_to_an_address_that_nobody_has_is_cancelled_and_the_audit_names_the_address(jobs, browser):
    a_link_mail("nobody@example.com")

    press(browser, "/jobs/link-mails/1/cancel")

    assert audited("email:nobody@example.com") == [("link.cancelled", "Ann")]
    assert "Ann cancelled the mailed link to choose a password for nobody@example.com" in words(browser.get("/audit"))


def test_a_link_on_its_way_cannot_be_called_back(jobs, browser, clock):
    a_link_mail(state="on its way", tries=1, next_try_at=clock() + timedelta(minutes=15))

    assert "2 Mar 2026, 09:30 Being sent 1 try It is being handed to the mail server" in jobs()
    assert buttons(browser) == []


def test_a_link_that_was_sent_meanwhile_is_left_as_it_is(jobs, browser):
    a_link_mail()

    answer = press(browser, "/jobs/link-mails/1/cancel", lambda: LinkMailModel.update(state="sent").execute())

    assert answer.status_int == 409
    assert "Only a mail that waits or was given up can be cancelled" in answer
    assert LinkMailModel.get().state == "sent"


def test_a_delivery_that_is_tried_again_is_shown_with_the_last_answer_and_leads_to_its_page(jobs, browser, clock):
    later = clock() + timedelta(minutes=5)
    number = a_delivery(tries=2, answer="503 Busy\nmore", next_try_at=later, happened_at=clock())

    assert (
        "payment.recorded, to https://hooks.example.com/ Webhook sent 2 Mar 2026, 09:30 503 Busy. 2 tries, "
        "the next at 2 Mar 2026, 09:35"
    ) in jobs()
    assert f'href="/webhooks/deliveries/{number}"' in browser.get("/jobs")


def test_a_delivery_that_waits_can_be_cancelled_and_sent_again_from_its_page(jobs, browser, clock):
    number = a_delivery(tries=2, answer="503 Busy", next_try_at=clock())

    flash = press(browser, f"/jobs/deliveries/{number}/cancel").follow()

    assert "payment.recorded is not sent to https://hooks.example.com/." in flash
    assert WebhookDeliveryModel.get().state == "cancelled"
    assert audited("webhook:1") == [("webhook.cancelled", "Ann")]
    assert "cancelled an event to webhook https://hooks.example.com/" in words(browser.get("/audit"))
    page = browser.get(f"/webhooks/deliveries/{number}")
    assert "State Cancelled" in words(page)
    assert any(form.action.endswith("/again") for form in page.forms.values())
    assert "Cancelled" in words(browser.get("/webhooks/deliveries?state=cancelled"))


def test_a_delivery_that_failed_can_be_sent_again(jobs, browser, clock):
    number = a_delivery(state="failed", tries=10, answer="500 Broken", next_try_at=clock())

    assert "Webhook sent 2 Mar 2026, 09:30 500 Broken. 10 tries" in jobs()
    flash = press(browser, f"/jobs/deliveries/{number}/retry").follow()

    assert "payment.recorded is sent again to https://hooks.example.com/." in flash
    assert (WebhookDeliveryModel.get().state, WebhookDeliveryModel.get().tries) == ("waiting", 0)
    assert audited("webhook:1") == [("webhook.sent_again", "Ann")]


def test_a_delivery_to_a_webhook_that_is_off_says_what_it_waits_for(jobs, clock):
    a_delivery(tries=1, answer="503 Busy", next_try_at=clock(), is_endpoint_active=False)

    assert "The webhook is off: it is sent once it is on again. 1 try" in jobs()


def test_a_delivery_on_its_way_cannot_be_called_back(jobs, browser, clock):
    a_delivery(state="on its way", tries=1, next_try_at=clock() + timedelta(minutes=2))

    assert "2 Mar 2026, 09:30 Being sent 1 try It is being sent, and cannot be called back." in jobs()
    assert buttons(browser) == []


def test_a_delivery_that_was_begun_meanwhile_is_left_as_it_is(jobs, browser, clock):
    number = a_delivery(tries=1, answer="503 Busy", next_try_at=clock())

    answer = press(
        browser,
        f"/jobs/deliveries/{number}/cancel",
        lambda: WebhookDeliveryModel.update(state="on its way").execute(),
    )

    assert answer.status_int == 409
    assert "Only a delivery that waits can be cancelled: this one is on its way or has ended." in answer
    assert WebhookDeliveryModel.get().state == "on its way"


def test_deliveries_that_wait_for_their_first_try_or_were_taken_are_not_listed(jobs):
    a_delivery()
    a_delivery(state="delivered", tries=1)

    assert "Nothing runs, waits or failed." in jobs()


def test_links_and_deliveries_that_failed_more_than_a_month_ago_are_no_longer_listed(jobs, clock):
    long_ago = clock() - timedelta(days=31)
    a_link_mail(state="failed", failure="refused", next_try_at=long_ago)
    a_delivery(state="failed", answer="500 Broken", next_try_at=long_ago)

    assert "Nothing runs, waits or failed." in jobs()
