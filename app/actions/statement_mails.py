"""Statements of account by mail: asked for once per form, sent by the worker, and what became of them recorded."""

from datetime import datetime

from app.domain.statement_mail import BETWEEN_TRIES, MOST_TRIES, MailState, StatementMail
from app.store.access import audit, users
from app.store.access.users import User
from app.store.db.missing_records import existing_or_raise
from app.store.db.transactions import transaction
from app.store.ledger import customers
from app.store.ledger.statements import mails as statement_mails
from app.store.ledger.statements.mails import StoredStatementMail

INTERRUPTED = "the worker was stopped while it was sending, so it may have arrived or not"


class SentBeforeError(Exception):
    """The form was sent before with another address or text; the message is one sentence."""

    def __init__(self, recipient: str) -> None:
        super().__init__(f"This form was sent before, to {recipient}: open it again to send another mail.")


def ask(mail: StatementMail, by: User, now: datetime) -> int | None:
    """Have the worker send the mail, and return its id; None if the same form was sent before.

    Raises MissingError or SentBeforeError; then nothing is sent.
    """
    with transaction():
        customers.lock(mail.customer_id)
        if before := statement_mails.with_key(mail.key):
            if not before.mail.is_same(mail):
                raise SentBeforeError(before.mail.recipient)
            return None
        mail_id = statement_mails.insert(mail, by.id, now)
        _record("statement.asked", mail, by, now)
        return mail_id


def cancel(mail_id: int, by: User, now: datetime) -> str:
    """Have a mail that waits or was given up not sent, and return its recipient; raises MissingError.

    Raises NotInStateError if it is on its way or was sent.
    """
    with transaction():
        stored = existing_or_raise(statement_mails.get(mail_id), "mail")
        statement_mails.queue.cancel(mail_id, now)
        _record("statement.cancelled", stored.mail, by, now)
        return stored.mail.recipient


def send_again(mail_id: int, by: User, now: datetime) -> str:
    """Have a mail that was given up sent again, and return its recipient; raises MissingError or NotInStateError."""
    with transaction():
        stored = existing_or_raise(statement_mails.get(mail_id), "mail")
        statement_mails.queue.send_again(mail_id, now)
        _record("statement.retried", stored.mail, by, now)
        return stored.mail.recipient


def begin(mail_id: int, now: datetime) -> StoredStatementMail | None:
    """Return the mail to be sent now; None if it is sent, is being sent, or may have been when the worker stopped."""
    with transaction():
        if statement_mails.queue.claim(mail_id, now):
            return statement_mails.get(mail_id)
        stored = statement_mails.get(mail_id)
        if stored and mail_id in statement_mails.queue.due(now):
            _fail(stored, INTERRUPTED, now)
        return None


def finish(stored: StoredStatementMail, now: datetime) -> None:
    with transaction():
        if statement_mails.queue.end_try(stored.id, MailState.SENT, now):
            by = users.get(stored.asked_by) if stored.asked_by else None
            _record("statement.sent", stored.mail, by, now)


def put_off(stored: StoredStatementMail, reason: str, now: datetime) -> None:
    """Try it again later, or give it up after the last try."""
    with transaction():
        if stored.tries >= MOST_TRIES:
            _fail(stored, reason, now)
        else:
            statement_mails.queue.end_try(stored.id, MailState.WAITING, now + BETWEEN_TRIES, reason)


def give_up(stored: StoredStatementMail, reason: str, now: datetime) -> None:
    with transaction():
        _fail(stored, reason, now)


def _fail(stored: StoredStatementMail, reason: str, now: datetime) -> None:
    if statement_mails.queue.end_try(stored.id, MailState.FAILED, now, reason):
        _record("statement.failed", stored.mail, None, now, reason)


def _record(action: str, mail: StatementMail, by: User | None, now: datetime, reason: str = "") -> None:
    details = {"closed_on": mail.closed_on, "recipient": mail.recipient}
    after = {**details, "reason": reason} if reason else details
    audit.append(by, action, f"customer:{mail.customer_id}", after=after, now=now)
