"""A statement goes to a real mail server once; what the server refuses is recorded, and tried again if useful."""

from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

import pytest
from support.clock import Clock
from support.mail_server import Inbox, mail_server
from support.records import a_customer, a_user

from app.actions import statement_mails as actions
from app.domain.firm import Firm
from app.domain.statement_mail import StatementMail
from app.jobs.job_queue import QueueUnavailableError, open_queue
from app.jobs.mails import MailJobs, MailServer
from app.store.access import audit_entries
from app.store.ledger import firm
from app.store.ledger.statements import mails as statement_mails

UNSAVED = Firm("USD", ZoneInfo("UTC"))


@pytest.fixture
def inbox():
    return Inbox()


@pytest.fixture
def clock(now):
    return Clock(now)


@pytest.fixture
def queue(database):
    return open_queue()


@pytest.fixture
def jobs(queue, inbox, clock):
    with mail_server(inbox) as url:
        yield MailJobs(queue, MailServer(url, "receivables@example.com"), "https://invoices.example", UNSAVED, clock)


@pytest.fixture
def mail_id(database, now):
    mail = StatementMail(
        key="k",
        customer_id=a_customer("C1", "Acme").id,
        recipient="books@acme.example",
        subject="Statement of account, Łódź",
        text="Hello Acme,\n\nsee the PDF.\n",
        closed_on=date(2026, 3, 2),
        file_name="statement-C1.pdf",
        content=b"%PDF-1.3 \x00\xff",
    )
    return actions.ask(mail, a_user(), now)


def state():
    [mail] = statement_mails.of_customer(1)
    return mail.state.value, mail.failure


def told():
    return [(entry.action, entry.actor, entry.program) for entry in audit_entries.of_subject("customer:1")]


def test_the_worker_sends_the_mail_with_its_pdf(jobs, inbox, mail_id):
    jobs.send_statement_now(mail_id)

    ((to, mail),) = inbox.mails
    assert to == ["books@acme.example"]
    assert mail["Subject"] == "Statement of account, Łódź"
    assert mail.get_body().get_content().split() == ["Hello", "Acme,", "see", "the", "PDF."]
    [pdf] = mail.iter_attachments()
    assert (pdf.get_content_type(), pdf.get_filename()) == ("application/pdf", "statement-C1.pdf")
    assert pdf.get_content() == b"%PDF-1.3 \x00\xff"


def test_what_was_sent_is_recorded(jobs, mail_id):
    jobs.send_statement_now(mail_id)

    assert state() == ("sent", "")
    assert told() == [("statement.sent", "Ann", "the worker"), ("statement.asked", "Ann", "")]


def test_the_firm_is_the_sender_and_gets_the_answer(jobs, inbox, mail_id):
    firm.write(replace(UNSAVED, name="Alder Ltd", email="books@alder.example"))

    jobs.send_statement_now(mail_id)

    ((_, mail),) = inbox.mails
    assert (mail["From"], mail["Reply-To"]) == ("Alder Ltd <receivables@example.com>", "books@alder.example")
    assert mail["Auto-Submitted"] is None


def test_a_mail_is_sent_once_however_often_the_worker_is_told(jobs, inbox, mail_id, clock):
    jobs.send_statement_now(mail_id)
    jobs.send_statement_now(mail_id)
    clock.advance(hours=1)
    jobs.send_due_statements()

    assert len(inbox.mails) == 1


def test_what_is_put_into_the_queue_is_sent(jobs, inbox, queue, mail_id):
    jobs.send_statement(mail_id)

    queue.execute(queue.dequeue())

    assert len(inbox.mails) == 1


def test_a_refused_address_is_told_and_not_tried_again(jobs, inbox, mail_id, clock):
    inbox.to_address = "550 No such user here"

    jobs.send_statement_now(mail_id)
    clock.advance(hours=1)
    jobs.send_due_statements()

    assert state() == ("failed", "the mail server refused the address (550 No such user here)")
    assert told()[0] == ("statement.failed", "", "the worker")
    assert inbox.mails == []


def test_a_mail_that_is_refused_for_now_is_tried_again_after_five_minutes(jobs, inbox, mail_id, clock):
    inbox.answer = "451 Not now"
    jobs.send_statement_now(mail_id)
    assert state() == ("waiting", "the mail server refused the mail (451 Not now)")
    inbox.answer = "250 OK"

    jobs.send_due_statements()
    assert inbox.mails == []
    clock.advance(minutes=5)
    jobs.send_due_statements()

    assert len(inbox.mails) == 1
    assert state() == ("sent", "")


def test_a_mail_is_given_up_after_six_tries(jobs, inbox, mail_id, clock):
    inbox.answer = "451 Not now"

    for _ in range(7):
        jobs.send_due_statements()
        clock.advance(minutes=5)

    assert state() == ("failed", "the mail server refused the mail (451 Not now)")
    assert [action for action, _, _ in told()] == ["statement.failed", "statement.asked"]


def test_a_server_that_cannot_be_reached_is_tried_again(queue, mail_id, clock):
    nowhere = MailServer("smtp://127.0.0.1:1", "receivables@example.com")

    MailJobs(queue, nowhere, "https://invoices.example", UNSAVED, clock).send_statement_now(mail_id)

    assert state() == ("waiting", "the mail server cannot be reached")


def test_a_mail_that_the_worker_was_stopped_at_is_not_sent_twice(jobs, inbox, mail_id, clock):
    actions.begin(mail_id, clock())
    clock.advance(minutes=15)

    jobs.send_due_statements()

    assert state() == ("failed", "the worker was stopped while it was sending, so it may have arrived or not")
    assert inbox.mails == []


def test_an_error_of_ours_ends_the_mail_and_not_the_worker(jobs, mail_id, monkeypatch, caplog):
    monkeypatch.setattr(MailServer, "send_statement", lambda *_: 1 / 0)

    jobs.send_statement_now(mail_id)

    assert state()[0] == "failed"
    assert f"statement mail {mail_id} cannot be sent" in caplog.text


def test_where_the_queue_cannot_be_reached_the_mail_waits_for_the_next_look(jobs, inbox, mail_id, monkeypatch):
    def refuse(_):
        raise QueueUnavailableError("Redis cannot be used.")

    monkeypatch.setattr(jobs, "_statement_task", refuse)
    jobs.send_statement(mail_id)

    jobs.send_due_statements()

    assert len(inbox.mails) == 1
