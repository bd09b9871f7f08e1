"""The statements by mail on the page of jobs."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from app.actions import statement_mails as statement_mail_actions
from app.domain.permissions import Right
from app.domain.statement_mail import GIVEN_UP_AFTER, MailState
from app.jobs.job_list import FAILED_FOR, JobAction, JobRefusedError, JobRow, JobState
from app.jobs.mails import MailJobs
from app.store.access.users import User
from app.store.ledger.statements import mails as statement_mails
from app.store.ledger.statements.mails import UnsentStatementMail

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
            yield _row(mail)

    def cancel(self, job_id: int, by: User, now: datetime) -> str:
        try:
            recipient = statement_mail_actions.cancel(job_id, by, now)
        except statement_mail_actions.NotInStateError as error:
            raise JobRefusedError(str(error)) from error
        return f"The statement to {recipient} is not sent."

    def retry(self, job_id: int, by: User, now: datetime) -> str:
        if self.mails is None:
            raise JobRefusedError(_NOT_SET_UP)
        try:
            recipient = statement_mail_actions.send_again(job_id, by, now)
        except statement_mail_actions.NotInStateError as error:
            raise JobRefusedError(str(error)) from error
        self.mails.send_statement(job_id)
        return f"The statement to {recipient} is sent again."


def _row(mail: UnsentStatementMail) -> JobRow:
    state = _STATES[mail.state]
    since = {JobState.RUNNING: mail.next_try_at - GIVEN_UP_AFTER, JobState.WAITING: mail.asked_at}
    is_put_off = state is JobState.WAITING and mail.tries > 0
    return JobRow(
        mail.id,
        "Statement mailed",
        f"{mail.customer}, to {mail.recipient}",
        state,
        since.get(state, mail.next_try_at),
        f"/customers/{mail.customer_id}/statement",
        tries=mail.tries,
        next_try=mail.next_try_at if is_put_off else None,
        failure="" if state is JobState.RUNNING else mail.failure,
        can=_CAN[state],
        why_not=_ON_ITS_WAY if state is JobState.RUNNING else "",
    )
