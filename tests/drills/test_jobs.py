"""Redis and workers are killed amid imports, mails and webhooks: nothing is lost or counts twice, and work goes on."""

import asyncio
import json
import time
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest
from support.browser import QUICK_HASH, QUICK_HASHER, Browser
from support.drilled_server import opened
from support.drilled_worker import Jobs, recipients, working
from support.held_back import held_back_invoices
from support.mail_server import Inbox, mail_server
from support.polling import is_so_within
from support.records import a_user, a_webhook
from support.redis_server import running_redis
from support.settings import settings_of
from support.webhook_receiver import webhook_receiver

from app.actions import events
from app.actions import statement_mails as mail_actions
from app.domain.permissions import Role
from app.domain.statement_mail import GIVEN_UP_AFTER, MailState
from app.store.db import tables
from app.store.db.transactions import transaction
from app.store.ledger import imports
from app.store.ledger.imports import State
from app.store.ledger.statements import mails as statement_mails
from app.web.application import build
from app.web.auth import passwords

STARTS_WITHIN_SECONDS = 60


class SlowInbox(Inbox):
    """Has a mail, but does not say so until `answers` is set."""

    def __init__(self):
        super().__init__()
        self.answers = Event()

    async def handle_DATA(self, server, session, envelope):
        said = await super().handle_DATA(server, session, envelope)
        await asyncio.to_thread(self.answers.wait)
        return said


@pytest.fixture(params=[Inbox])
def inbox(request):
    made = request.param()
    yield made
    if isinstance(made, SlowInbox):
        made.answers.set()


@pytest.fixture
def redis_server():
    with running_redis() as server:
        yield server


@pytest.fixture
def receiver():
    with webhook_receiver() as one:
        one.holds = Event()
        yield one


@pytest.fixture
def jobs(postgresql_url, redis_server, inbox, tmp_path):
    with opened(postgresql_url), mail_server(inbox) as smtp_url:
        yield Jobs(postgresql_url, redis_server.url, smtp_url, tmp_path)


@pytest.fixture
def sign_in(jobs, redis_server, postgresql_url, tmp_path, monkeypatch):
    """A function that tries a wrong password and returns whether it was looked at, and not refused for a wait."""
    monkeypatch.setattr(passwords, "_HASHER", QUICK_HASHER)
    a_user("vic@example.com", Role.VIEWER, "Vic", QUICK_HASH)
    own = {"redis_url": redis_server.url, "database_url": postgresql_url}
    browser = Browser(build(settings_of(tmp_path).model_copy(update=own)))

    def attempt():
        return browser.sign_in("vic@example.com", password="wrong").status_int != 429

    return attempt


def test_kill_9_of_redis_amid_imports_and_mails(jobs, inbox, redis_server, sign_in, jobs_seen):
    let_through = [sign_in() for _ in range(3)]
    with working(jobs, is_impatient=True):
        for _ in range(3):
            jobs.upload()
            jobs.ask_for_mail()
        assert jobs.are_applied(1)
        redis_server.stop()
        for _ in range(3):
            jobs.upload()
            jobs.ask_for_mail()
        let_through += [sign_in() for _ in range(8)]
        refused_meanwhile = not sign_in()
        redis_server.start()
        back = time.monotonic()
        assert jobs.are_applied()
        assert is_so_within(30, lambda: len(recipients(inbox)) == 6)
        seconds = time.monotonic() - back

    jobs_seen(jobs, inbox, seconds, f"{sum(let_through)} of {len(let_through)} guesses looked at")
    assert jobs.applied_twice() == 0
    assert recipients(inbox) == {f"m{number}@acme.example": 1 for number in range(6)}
    assert refused_meanwhile
    assert sum(let_through) <= 2 * 6


def test_kill_9_of_the_worker_in_an_import(jobs, inbox, jobs_seen):
    import_id = jobs.upload(is_applied=False)
    with working(jobs) as worker:
        assert is_so_within(STARTS_WITHIN_SECONDS, lambda: imports.get(import_id).state is State.PREVIEWED)
        with held_back_invoices(jobs.url) as held_back:
            jobs.confirm(import_id)
            assert is_so_within(STARTS_WITHIN_SECONDS, held_back.is_waited_for)
            worker.kill()
    begun = time.monotonic()

    with working(jobs, "again"):
        assert jobs.are_applied()

    jobs_seen(jobs, inbox, time.monotonic() - begun)
    assert jobs.applied_twice() == 0
    assert tables.InvoiceModel.select().count() == 1


@pytest.mark.parametrize("inbox", [SlowInbox], indirect=True)
def test_kill_9_of_the_worker_in_a_mail(jobs, inbox, jobs_seen):
    with working(jobs) as worker:
        first = jobs.ask_for_mail()
        assert is_so_within(STARTS_WITHIN_SECONDS, lambda: len(inbox.mails) == 1)
        worker.kill()
    inbox.answers.set()
    begun = time.monotonic()

    with working(jobs, "again"):
        second = jobs.ask_for_mail()
        assert is_so_within(30, lambda: statement_mails.get(second).state is MailState.SENT)
    mail_actions.begin(first, datetime.now(UTC) + GIVEN_UP_AFTER + timedelta(seconds=1))

    jobs_seen(jobs, inbox, time.monotonic() - begun)
    assert recipients(inbox) == {"m0@acme.example": 1, "m1@acme.example": 1}
    given_up = statement_mails.get(first)
    assert (given_up.state, given_up.failure) == (MailState.FAILED, mail_actions.INTERRUPTED)


def test_kill_9_of_the_worker_in_a_webhook(jobs, receiver):
    a_webhook(receiver.url())
    own = {"WEBHOOK_PRIVATE_HOSTS": receiver.host}
    with working(jobs, is_impatient=True, **own) as worker:
        with transaction():
            for number in range(2):
                events.emit("payment.recorded", "invoice:1", {"number": number}, now=datetime.now(UTC))
        assert is_so_within(STARTS_WITHIN_SECONDS, lambda: len(receiver.received) == 1)
        worker.kill()
    receiver.holds.set()
    claimed_until = tables.WebhookDeliveryModel.next_try_at
    tables.WebhookDeliveryModel.update(next_try_at=datetime.now(UTC)).where(claimed_until > datetime.now(UTC)).execute()

    with working(jobs, "again", is_impatient=True, **own):
        assert is_so_within(STARTS_WITHIN_SECONDS, lambda: len(receiver.received) == 3)

    first, again, second = [one.headers["webhook-id"] for one in receiver.received]
    assert (first == again, first == second) == (True, False)
    assert [json.loads(one.body)["data"]["number"] for one in receiver.received] == [0, 0, 1]


def test_kill_9_of_the_one_of_two_workers_that_owns_the_scheduled_work(jobs, inbox, jobs_seen):
    with working(jobs, "first") as owner:
        assert is_so_within(STARTS_WITHIN_SECONDS, owner.owns)
        with working(jobs, "second") as other:
            with held_back_invoices(jobs.url) as held_back:
                jobs.upload()
                assert is_so_within(STARTS_WITHIN_SECONDS, held_back.is_waited_for)
                owner.kill()
                killed = time.monotonic()
            jobs.ask_for_mail(is_queued=False)

            assert is_so_within(60, other.owns)
            assert is_so_within(60, lambda: len(inbox.mails) == 1)
            seconds = time.monotonic() - killed
            assert jobs.are_applied()

    jobs_seen(jobs, inbox, seconds)
    assert seconds < 60
    assert jobs.applied_twice() == 0
    assert recipients(inbox) == {"m0@acme.example": 1}
