"""Mails with links to choose a password: asked for by a page, sent by the worker, which makes the link."""

from datetime import datetime

from app.domain.statement_mail import BETWEEN_TRIES, MOST_TRIES, MailState
from app.store.access import audit, users
from app.store.access.one_time_links import Purpose
from app.store.access.users import User
from app.store.db.missing_records import existing_or_raise
from app.store.db.transactions import transaction
from app.store.outbox import link_mails
from app.store.outbox.link_mails import LinkMail


def ask(email: str, purpose: Purpose, now: datetime) -> None:
    """Have the worker send a mail if somebody of this address may sign in: the same work here for every address."""
    with transaction():
        link_mails.add(email, purpose, now)


def cancel(mail_id: int, by: User, now: datetime) -> str:
    """Have a mail that waits or was given up not sent, and return its address.

    Raises MissingError, or NotInStateError if it is on its way or was sent.
    """
    with transaction():
        mail = existing_or_raise(link_mails.get(mail_id), "mail")
        link_mails.queue.cancel(mail_id, now)
        _record("link.cancelled", mail, by, now)
        return mail.email


def send_again(mail_id: int, by: User, now: datetime) -> str:
    """Have another link sent in place of one that was given up, and return the address.

    Raises MissingError or NotInStateError.
    """
    with transaction():
        mail = existing_or_raise(link_mails.get(mail_id), "mail")
        link_mails.queue.send_again(mail_id, now)
        _record("link.retried", mail, by, now)
        return mail.email


def _record(action: str, mail: LinkMail, by: User, now: datetime) -> None:
    user = users.find_by_email(mail.email)
    subject = f"user:{user.id}" if user else f"email:{mail.email}"
    audit.append(by, action, subject, after={"purpose": mail.purpose}, now=now)


# --- the worker


def begin(mail_id: int, now: datetime) -> LinkMail | None:
    """Return the mail to be sent now; None if it is sent or being sent.

    A mail that the worker was stopped at is sent again: its new link takes the place of the one before.
    """
    with transaction():
        is_ours = link_mails.queue.claim(mail_id, now, (MailState.WAITING, MailState.ON_ITS_WAY))
        return link_mails.get(mail_id) if is_ours else None


def finish(mail: LinkMail, now: datetime) -> None:
    with transaction():
        link_mails.queue.end_try(mail.id, MailState.SENT, now)


def drop(mail: LinkMail) -> None:
    """Forget a mail to an address that nobody has who may sign in."""
    with transaction():
        link_mails.delete(mail.id)


def put_off(mail: LinkMail, reason: str, now: datetime) -> None:
    """Try it again later, or give it up after the last try."""
    if mail.tries >= MOST_TRIES:
        give_up(mail, reason, now)
        return
    with transaction():
        link_mails.queue.end_try(mail.id, MailState.WAITING, now + BETWEEN_TRIES, reason)


def give_up(mail: LinkMail, reason: str, now: datetime) -> None:
    with transaction():
        link_mails.queue.end_try(mail.id, MailState.FAILED, now, reason)


def prune(now: datetime) -> None:
    with transaction():
        link_mails.delete_old(now)
