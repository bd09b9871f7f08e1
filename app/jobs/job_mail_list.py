"""Statements and links by mail on the page of jobs."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from app.actions import link_mails as link_mail_actions
from app.actions import statement_mails as statement_mail_actions
from app.domain.permissions import Right
from app.domain.statement_mail import GIVEN_UP_AFTER, MailState
from app.jobs.job_list import FAILED_FOR, JobAction, JobRefusedError, JobRow, JobState
from app.jobs.mails import MailJobs
from app.store.access import users
from app.store.access.one_time_links import Purpose
from app.store.access.users import User
from app.store.ledger.statements import mails as statement_mails
from app.store.ledger.statements.mails import UnsentStatementMail
from app.store.outbox import link_mails
from app.store.outbox.link_mails import LinkMail
from app.store.outbox.mail_queue import NotInStateError

_STATES = {
    MailState.ON_ITS_WAY: JobState.RUNNING,
    MailState.WAITING: JobState.WAITING,
    MailState.FAILED: JobState.FAILED,
}
_CAN = {
    JobState.RUNNING: (),
    JobState.WAITING: ((JobAction.CANCEL, "Cancel"),),
    JobState.FAILED: ((JobAction.RETRY, "Send again"), (JobAction.CANCEL, "Cancel")),
}
_LINKS = {Purpose.RESET: "New password mailed", Purpose.INVITE: "Invitation mailed"}
_NOT_SET_UP = "No mail is sent from here: set up SMTP_URL first."
_ON_ITS_WAY = "It is being handed to the mail server, and cannot be called back."


@dataclass(frozen=True, slots=True)
class StatementMailSource:
    """`mails` is None where no mail server is set up."""

    mails: MailJobs | None
    name: str = "statement-mails"
    right: Right = Right.ADMINISTER

    def rows(self, now: datetime) -> Iterator[JobRow]:
        for mail in statement_mails.unsent(now - FAILED_FOR):
            subject = f"{mail.customer}, to {mail.recipient}"
            yield _row(mail, "Statement mailed", subject, f"/customers/{mail.customer_id}/statement")

    def cancel(self, job_id: int, by: User, now: datetime) -> str:
        recipient = _done(statement_mail_actions.cancel, job_id, by, now)
        return f"The statement to {recipient} is not sent."

    def retry(self, job_id: int, by: User, now: datetime) -> str:
        if self.mails is None:
            raise JobRefusedError(_NOT_SET_UP)
        recipient = _done(statement_mail_actions.send_again, job_id, by, now)
        self.mails.send_statement(job_id)
        return f"The statement to {recipient} is sent again."


@dataclass(frozen=True, slots=True)
class LinkMailSource:
    """`mails` is None where no mail server is set up."""

    mails: MailJobs | None
    name: str = "link-mails"
    right: Right = Right.ADMINISTER

    def rows(self, now: datetime) -> Iterator[JobRow]:
        if unsent := link_mails.unsent(now - FAILED_FOR):
            pages = {user.email.casefold(): f"/users/{user.id}" for user in users.all_users()}
            for mail in unsent:
                yield _row(mail, _LINKS[Purpose(mail.purpose)], mail.email, pages.get(mail.email.casefold(), "/users"))

    def cancel(self, job_id: int, by: User, now: datetime) -> str:
        email = _done(link_mail_actions.cancel, job_id, by, now)
        return f"The link to {email} is not sent."

    def retry(self, job_id: int, by: User, now: datetime) -> str:
        if self.mails is None:
            raise JobRefusedError(_NOT_SET_UP)
        email = _done(link_mail_actions.send_again, job_id, by, now)
        self.mails.send_links()
        return f"Another link is sent to {email}."


def _done(act: Callable[[int, User, datetime], str], job_id: int, by: User, now: datetime) -> str:
    """Return whom the mail is for; raises MissingError, or JobRefusedError if its state allows it no more."""
    try:
        return act(job_id, by, now)
    except NotInStateError as error:
        raise JobRefusedError(str(error)) from error


def _row(mail: UnsentStatementMail | LinkMail, kind: str, subject: str, link: str) -> JobRow:
    state = _STATES[mail.state]
    since = {JobState.RUNNING: mail.next_try_at - GIVEN_UP_AFTER, JobState.WAITING: mail.asked_at}
    is_put_off = state is JobState.WAITING and mail.tries > 0
    return JobRow(
        mail.id,
        kind,
        subject,
        state,
        since.get(state, mail.next_try_at),
        link,
        tries=mail.tries,
        next_try=mail.next_try_at if is_put_off else None,
        failure="" if state is JobState.RUNNING else mail.failure,
        can=_CAN[state],
        why_not=_ON_ITS_WAY if state is JobState.RUNNING else "",
    )
