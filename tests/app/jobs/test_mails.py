"""Mail goes to a real server, with a link that works, to those who may sign in, and again when it failed."""

import re
import smtplib
import socket
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from peewee import OperationalError
from support.clock import Clock
from support.mail_server import Inbox, mail_server
from support.records import LONG_AGO, a_link_mail, a_user
from support.tables import ALL

from app.actions import link_mails as link_mail_actions
from app.actions import passwords
from app.domain.firm import Firm
from app.domain.permissions import Role
from app.jobs.job_queue import open_queue
from app.jobs.mails import MailJobs, MailServer
from app.store.access import one_time_links, users
from app.store.access.one_time_links import Purpose
from app.store.db import tables
from app.store.ledger import firm
from app.store.outbox import link_mails

UNSAVED = Firm("USD", ZoneInfo("UTC"))


@pytest.fixture
def inbox():
    return Inbox()


@pytest.fixture
def server(inbox):
    with mail_server(inbox) as url:
        yield MailServer(url, "receivables@example.com")


@pytest.fixture
def clock(now):
    return Clock(now)


@pytest.fixture
def jobs(database, server, clock):
    return MailJobs(open_queue(), server, "https://invoices.example", UNSAVED, clock)


def ask(jobs, email, purpose=Purpose.RESET):
    link_mail_actions.ask(email, purpose, jobs._now())
    return jobs.send_due_links()


def unsent():
    return [(mail.email, mail.purpose, mail.state.value, mail.failure) for mail in link_mails.unsent(LONG_AGO)]


def test_a_mail_that_a_stranger_asked_for_leaves_the_link_of_an_admin_good(jobs, inbox, now):
    user = a_user("ann@example.com")
    token = passwords.make_link(user.id, Purpose.RESET, a_user("bob@example.com"), now)

    ask(jobs, "ann@example.com")

    assert one_time_links.find(token, now) is not None


@pytest.fixture
def jobs_with_provider(database, server, clock):
    """Jobs of a site where viewers sign in by a provider only."""
    only = {"roles_by_provider": frozenset({Role.VIEWER}), "provider_name": "Example Ltd"}
    return MailJobs(open_queue(), server, "https://invoices.example", UNSAVED, clock, **only)


def test_an_invitation_to_sign_in_by_the_provider_names_it_and_has_no_link(jobs_with_provider, inbox):
    a_user("eve@example.com", Role.VIEWER)

    ask(jobs_with_provider, "eve@example.com", Purpose.INVITE)

    ((_, mail),) = inbox.mails
    text = mail.get_content()
    assert 'choose "Sign in with Example Ltd", and sign in there as eve@example.com.' in text
    assert "set-password" not in text


def test_who_came_to_sign_in_by_the_provider_only_is_sent_no_link_for_a_password(jobs_with_provider, inbox):
    a_user("eve@example.com", Role.VIEWER)

    ask(jobs_with_provider, "eve@example.com")

    assert inbox.mails == []
    assert unsent() == []


def test_a_user_is_sent_a_link_that_works(jobs, inbox, now):
    user = a_user("ann@example.com")

    ask(jobs, "ANN@example.com ")

    ((to, mail),) = inbox.mails
    assert to == ["ann@example.com"]
    assert mail["From"] == "receivables@example.com"
    assert mail["Subject"] == "A new password for Receivables"
    text = mail.get_content()
    token = re.search(r"https://invoices\.example/set-password\?token=(\S+)", text).group(1)
    assert one_time_links.use(token, Purpose.RESET, now) == user.id


def test_who_is_invited_is_sent_a_link_to_choose_a_password(jobs, inbox, now):
    user = a_user("ann@example.com")

    ask(jobs, "ann@example.com", Purpose.INVITE)

    ((_, mail),) = inbox.mails
    assert mail["Subject"] == "Your invitation to Receivables"
    assert "within 7 days" in mail.get_content()
    token = re.search(r"https://invoices\.example/set-password\?token=(\S+)", mail.get_content()).group(1)
    assert one_time_links.use(token, Purpose.INVITE, now) == user.id


def test_a_mail_names_the_firm_as_its_sender(jobs, inbox):
    a_user("ann@example.com")
    firm.write(replace(UNSAVED, name='Müller, "Söhne" & Co'))

    ask(jobs, "ann@example.com")

    ((_, mail),) = inbox.mails
    (sender,) = mail["From"].addresses
    assert (sender.display_name, sender.addr_spec) == ('Müller, "Söhne" & Co', "receivables@example.com")
    assert mail["Subject"] == 'A new password for Müller, "Söhne" & Co'


def test_nobody_else_is_sent_anything(jobs, inbox):
    gone = a_user("gone@example.com", Role.VIEWER)
    users.set_active(gone.id, active=False)

    ask(jobs, "nobody@example.com")
    ask(jobs, "gone@example.com")

    assert inbox.mails == []
    assert tables.OneTimeLinkModel.select().count() == 0


def test_an_address_cannot_add_lines_to_a_mail(jobs, inbox):
    a_user("ann@example.com")

    ask(jobs, "ann@example.com\nBcc: eve@example.com")

    assert inbox.mails == []


def test_an_address_that_nobody_has_is_forgotten_and_counts_as_no_failure(jobs):
    assert ask(jobs, "nobody@example.com") == "done"

    assert tables.LinkMailModel.select().count() == 0


def test_a_mail_that_the_server_refuses_for_now_is_tried_again_later(jobs, inbox, clock):
    a_user("ann@example.com")
    inbox.answer = "451 Not now"

    assert ask(jobs, "ann@example.com") == "failed"
    assert unsent() == [("ann@example.com", "reset", "waiting", "the mail server refused the mail (451 Not now)")]

    inbox.answer = "250 OK"
    jobs.send_due_links()
    assert inbox.mails == []
    clock.advance(minutes=5)
    jobs.send_due_links()
    assert len(inbox.mails) == 1
    assert unsent() == []


def test_a_mail_that_is_refused_six_times_is_given_up_and_stays_in_sight(jobs, inbox, clock):
    a_user("ann@example.com")
    inbox.answer = "451 Not now"
    link_mail_actions.ask("ann@example.com", Purpose.RESET, clock())

    for _ in range(8):
        jobs.send_due_links()
        clock.advance(minutes=5)

    [mail] = link_mails.unsent(LONG_AGO)
    assert (mail.state, mail.tries) == ("failed", 6)


def test_a_mail_that_the_server_refuses_for_good_is_given_up_at_once(jobs, inbox):
    a_user("ann@example.com")
    inbox.answer = "554 No"

    ask(jobs, "ann@example.com")

    assert unsent() == [("ann@example.com", "reset", "failed", "the mail server refused the mail (554 No)")]


def test_a_mail_that_the_worker_was_killed_at_is_sent_again(jobs, inbox, clock):
    a_user("ann@example.com")
    link_mail_actions.ask("ann@example.com", Purpose.RESET, clock())
    [mail] = link_mails.unsent(LONG_AGO)
    assert link_mail_actions.begin(mail.id, clock())

    jobs.send_due_links()
    assert inbox.mails == []
    clock.advance(minutes=15)
    jobs.send_due_links()

    assert len(inbox.mails) == 1


def test_a_mail_at_which_the_database_fails_is_taken_up_again(jobs, inbox, clock, monkeypatch):
    def away(*_):
        raise OperationalError("the database is away")

    a_user("ann@example.com")
    monkeypatch.setattr(passwords, "make_mailed_link", away)
    with pytest.raises(OperationalError):
        ask(jobs, "ann@example.com")
    monkeypatch.undo()
    clock.advance(minutes=15)
    jobs.send_due_links()

    assert len(inbox.mails) == 1


def test_two_workers_never_send_the_same_mail(jobs, clock):
    link_mail_actions.ask("ann@example.com", Purpose.RESET, clock())
    [mail] = link_mails.unsent(LONG_AGO)

    assert [link_mail_actions.begin(mail.id, clock()) is None for _ in range(2)] == [False, True]


def test_no_link_is_stored_before_the_mail_is_sent(jobs, clock):
    a_user("ann@example.com")

    link_mail_actions.ask("ann@example.com", Purpose.RESET, clock())

    assert tables.OneTimeLinkModel.select().count() == 0
    [row] = tables.LinkMailModel.select().dicts()
    assert (row["email"], row["purpose"], row["failure"]) == ("ann@example.com", "reset", "")


def test_the_link_of_a_mail_is_stored_nowhere(jobs, inbox):
    a_user("ann@example.com")

    ask(jobs, "ann@example.com")

    token = re.search(r"token=(\S+)", inbox.mails[0][1].get_content()).group(1)
    stored = [str(row) for model in ALL for row in model.select().dicts()]
    assert not [row for row in stored if token in row]


def test_the_worker_sends_what_was_put_into_the_queue(jobs, inbox, clock):
    a_user("ann@example.com")
    queue = open_queue()
    worker = MailJobs(queue, jobs._server, "https://invoices.example", UNSAVED, clock)
    link_mail_actions.ask("ann@example.com", Purpose.RESET, clock())
    jobs.send_links()

    queue.execute(queue.dequeue())

    assert len(inbox.mails) == 1
    assert worker


def test_what_was_sent_is_forgotten_after_30_days_and_what_was_not_after_90(jobs, inbox, clock):
    a_user("ann@example.com")
    ask(jobs, "ann@example.com")
    inbox.answer = "554 No"
    ask(jobs, "ann@example.com")
    a_link_mail(state="cancelled", asked_at=clock())

    kept = []
    for days in (30, 1, 60):
        clock.advance(days=days)
        jobs.delete_old_links()
        kept.append([row.state for row in tables.LinkMailModel.select().order_by(tables.LinkMailModel.id)])

    assert kept == [["sent", "failed", "cancelled"], ["failed", "cancelled"], []]


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
