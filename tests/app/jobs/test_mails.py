"""Mail goes to a real server, with a link that works, to those who may sign in, and again when it failed."""

import re
import smtplib
import socket
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from support.mail_server import Inbox, mail_server
from support.records import a_user

from app.actions import passwords
from app.domain.firm import Firm
from app.domain.permissions import Role
from app.jobs.job_queue import open_queue
from app.jobs.mails import MailJobs, MailServer
from app.store.access import one_time_links, users
from app.store.access.one_time_links import Purpose
from app.store.db import tables
from app.store.ledger import firm

UNSAVED = Firm("USD", ZoneInfo("UTC"))


@pytest.fixture
def inbox():
    return Inbox()


@pytest.fixture
def server(inbox):
    with mail_server(inbox) as url:
        yield MailServer(url, "receivables@example.com")


@pytest.fixture
def jobs(sqlite, server, now):
    return MailJobs(open_queue(), server, "https://invoices.example", UNSAVED, lambda: now)


def test_a_mail_that_a_stranger_asked_for_leaves_the_link_of_an_admin_good(jobs, inbox, now):
    user = a_user("ann@example.com")
    token = passwords.make_link(user.id, Purpose.RESET, a_user("bob@example.com"), now)

    jobs.send_now("ann@example.com")

    assert one_time_links.find(token, now) is not None


def test_a_user_is_sent_a_link_that_works(jobs, inbox, now):
    user = a_user("ann@example.com")

    jobs.send_now("ANN@example.com ")

    ((to, mail),) = inbox.mails
    assert to == ["ann@example.com"]
    assert mail["From"] == "receivables@example.com"
    assert mail["Subject"] == "A new password for Receivables"
    text = mail.get_content()
    token = re.search(r"https://invoices\.example/set-password\?token=(\S+)", text).group(1)
    assert one_time_links.use(token, Purpose.RESET, now) == user.id


def test_who_is_invited_is_sent_a_link_to_choose_a_password(jobs, inbox, now):
    user = a_user("ann@example.com")

    jobs.invite_now("ann@example.com")

    ((_, mail),) = inbox.mails
    assert mail["Subject"] == "Your invitation to Receivables"
    assert "within 7 days" in mail.get_content()
    token = re.search(r"https://invoices\.example/set-password\?token=(\S+)", mail.get_content()).group(1)
    assert one_time_links.use(token, Purpose.INVITE, now) == user.id


def test_a_mail_names_the_firm_as_its_sender(jobs, inbox):
    a_user("ann@example.com")
    firm.write(replace(UNSAVED, name='Müller, "Söhne" & Co'))

    jobs.send_now("ann@example.com")

    ((_, mail),) = inbox.mails
    (sender,) = mail["From"].addresses
    assert (sender.display_name, sender.addr_spec) == ('Müller, "Söhne" & Co', "receivables@example.com")
    assert mail["Subject"] == 'A new password for Müller, "Söhne" & Co'


def test_nobody_else_is_sent_anything(jobs, inbox):
    gone = a_user("gone@example.com", Role.VIEWER)
    users.set_active(gone.id, active=False)

    jobs.send_now("nobody@example.com")
    jobs.send_now("gone@example.com")

    assert inbox.mails == []
    assert tables.OneTimeLinkModel.select().count() == 0


def test_an_address_cannot_add_lines_to_a_mail(jobs, inbox):
    a_user("ann@example.com")

    jobs.send_now("ann@example.com\nBcc: eve@example.com")

    assert inbox.mails == []


def test_a_mail_that_the_server_refuses_is_a_failure_that_the_worker_tries_again(jobs, inbox):
    a_user("ann@example.com")
    inbox.answer = "451 Not now"

    with pytest.raises(smtplib.SMTPDataError):
        jobs.send_now("ann@example.com")

    inbox.answer = "250 OK"
    jobs.send_now("ann@example.com")
    assert len(inbox.mails) == 1


def test_the_worker_sends_what_was_put_into_the_queue_and_tries_again_later(jobs, inbox):
    a_user("ann@example.com")
    inbox.answer = "451 Not now"
    queue = open_queue()
    worker = MailJobs(queue, jobs._server, "https://invoices.example", UNSAVED, jobs._now)
    jobs.send_reset_link("ann@example.com")

    task = queue.dequeue()
    queue.execute(task)
    (again,) = queue.scheduled()

    assert (again.args, again.retries, again.retry_delay) == (["ann@example.com"], 4, 60)
    inbox.answer = "250 OK"
    queue.execute(again, again.eta)
    assert len(inbox.mails) == 1
    assert worker


def test_a_password_is_never_sent_in_the_clear(server):
    with_password = MailServer(server.url.replace("smtp://", "smtp://ann:secret@"), server.sender)

    with pytest.raises(smtplib.SMTPNotSupportedError):
        with_password.send("ann@example.com", "Subject", "Text")


@pytest.fixture
def found_elsewhere(server, monkeypatch):
    """The mail server, under a name of another machine."""
    port = int(server.url.rpartition(":")[2])
    connect = socket.create_connection
    monkeypatch.setattr("socket.create_connection", lambda _place, *rest: connect(("127.0.0.1", port), *rest))
    return MailServer(f"smtp://mail.example.com:{port}", server.sender)


def test_a_link_does_not_leave_this_machine_in_the_clear(found_elsewhere, inbox):
    with pytest.raises(smtplib.SMTPNotSupportedError):
        found_elsewhere.send("ann@example.com", "Subject", "Text")

    assert inbox.mails == []


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_server_on_this_machine_needs_no_encryption(server, inbox, host):
    MailServer(server.url.replace("127.0.0.1", host), server.sender).send("ann@example.com", "Subject", "Text")

    assert len(inbox.mails) == 1


def test_where_no_server_is_set_up_there_is_no_mail(tmp_path, sqlite, now):
    from app.settings import AppSettings

    settings = AppSettings.from_environment({"DATA_DIR": str(tmp_path)})

    assert MailJobs.where_set_up(open_queue(), settings, lambda: now) is None
