"""Statements of account sent by mail as rows: inserted once per key, claimed by one worker at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from app.domain.statement_mail import MailState, StatementMail
from app.store.db.tables import CustomerModel, StatementMailModel
from app.store.outbox.mail_queue import MailQueue

queue = MailQueue(StatementMailModel)

_MOST_LISTED = 10
_MOST_UNSENT = 50


@dataclass(frozen=True, slots=True)
class StoredStatementMail:
    """`asked_by` is None once the user is gone."""

    id: int
    mail: StatementMail
    asked_by: int | None
    asked_at: datetime
    state: MailState
    tries: int
    failure: str


@dataclass(frozen=True, slots=True)
class ListedStatementMail:
    id: int
    recipient: str
    closed_on: date
    asked_at: datetime
    state: MailState
    failure: str


@dataclass(frozen=True, slots=True)
class UnsentStatementMail:
    """What is known of one without its text and its PDF."""

    id: int
    customer_id: int
    customer: str
    recipient: str
    asked_at: datetime
    state: MailState
    tries: int
    next_try_at: datetime
    failure: str


def insert(mail: StatementMail, asked_by: int, now: datetime) -> int:
    row = StatementMailModel.create(
        key=mail.key,
        customer=mail.customer_id,
        recipient=mail.recipient,
        subject=mail.subject,
        text=mail.text,
        closed_on=mail.closed_on,
        file_name=mail.file_name,
        content=mail.content,
        asked_by=asked_by,
        asked_at=now,
        state=MailState.WAITING,
        next_try_at=now,
    )
    return row.id


def get(mail_id: int) -> StoredStatementMail | None:
    row = StatementMailModel.get_or_none(StatementMailModel.id == mail_id)
    return None if row is None else _stored(row)


def with_key(key: str) -> StoredStatementMail | None:
    row = StatementMailModel.get_or_none(StatementMailModel.key == key)
    return None if row is None else _stored(row)


def of_customer(customer_id: int) -> list[ListedStatementMail]:
    """Return the latest, newest first; ask only for a customer whom the user may see."""
    found = StatementMailModel
    columns = (found.id, found.recipient, found.closed_on, found.asked_at, found.state, found.failure)
    rows: Any = (
        found.select(*columns).where(found.customer == customer_id).order_by(found.id.desc()).limit(_MOST_LISTED)
    )
    return [
        ListedStatementMail(mail_id, recipient, closed_on, asked_at, MailState(state), failure)
        for mail_id, recipient, closed_on, asked_at, state, failure in rows.tuples()
    ]


def unsent(failed_since: datetime) -> list[UnsentStatementMail]:
    """Return those that wait or are on their way, oldest first, then the newest that failed since the moment."""
    if not queue.is_any_unsent(failed_since):
        return []
    number = StatementMailModel.id
    return [*_unsent(queue.is_unsent(), number), *_unsent(queue.has_failed(failed_since), number.desc())]


def _unsent(which: Any, order: Any) -> Iterator[UnsentStatementMail]:
    found = StatementMailModel
    columns = (found.id, found.customer, CustomerModel.name, found.recipient, found.asked_at, found.state, found.tries)
    query: Any = found.select(*columns, found.next_try_at, found.failure).join(CustomerModel).where(which)
    for *facts, state, tries, next_try_at, failure in query.order_by(order).limit(_MOST_UNSENT).tuples():
        known: list[Any] = [*facts, MailState(state), tries, next_try_at, failure]
        yield UnsentStatementMail(*known)


def _stored(row: StatementMailModel) -> StoredStatementMail:
    mail = StatementMail(
        row.key,
        row.customer.id,
        row.recipient,
        row.subject,
        row.text,
        row.closed_on,
        row.file_name,
        bytes(row.content),
    )
    asked_by = row.asked_by.id if row.asked_by else None
    return StoredStatementMail(row.id, mail, asked_by, row.asked_at, MailState(row.state), row.tries, row.failure)
