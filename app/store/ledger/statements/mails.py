"""Statements of account sent by mail as rows: inserted once per key, claimed by one worker at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from peewee import fn

from app.domain.statement_mail import GIVEN_UP_AFTER, MailState, StatementMail
from app.store.db.tables import CustomerModel, StatementMailModel

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
    found = StatementMailModel
    is_unsent = found.state.in_([MailState.WAITING, MailState.ON_ITS_WAY])
    has_failed = (found.state == MailState.FAILED) & (found.next_try_at >= failed_since)
    return [*_unsent(is_unsent, found.id), *_unsent(has_failed, found.id.desc())]


def count_by_state() -> dict[MailState, int]:
    counted: Any = StatementMailModel.select(StatementMailModel.state, fn.COUNT(StatementMailModel.id))
    found = {MailState(state): int(count) for state, count in counted.group_by(StatementMailModel.state).tuples()}
    return {state: found.get(state, 0) for state in MailState}


def due(now: datetime) -> list[int]:
    """Return the ids of those that wait and whose turn it is, and of those that were on their way for too long."""
    waiting = StatementMailModel.state.in_([MailState.WAITING, MailState.ON_ITS_WAY])
    rows: Any = StatementMailModel.select(StatementMailModel.id).where(waiting, StatementMailModel.next_try_at <= now)
    return [mail_id for (mail_id,) in rows.order_by(StatementMailModel.id).tuples()]


def claim(mail_id: int, now: datetime) -> bool:
    """Set a mail that waits on its way, and count the try; false if another worker was faster."""
    values = {
        "state": MailState.ON_ITS_WAY,
        "tries": StatementMailModel.tries + 1,
        "next_try_at": now + GIVEN_UP_AFTER,
    }
    return _changed(mail_id, MailState.WAITING, **values)


def end_try(mail_id: int, state: MailState, now: datetime, failure: str = "") -> bool:
    """Say how the try ended, and from when the next one may begin; false if the mail was not on its way."""
    return _changed(mail_id, MailState.ON_ITS_WAY, state=state, failure=failure, next_try_at=now)


def cancel(mail_id: int, now: datetime) -> bool:
    """Cancel a mail that waits or failed; false if it is in another state."""
    values = {"state": MailState.CANCELLED, "failure": "", "next_try_at": now}
    return any(_changed(mail_id, before, **values) for before in (MailState.WAITING, MailState.FAILED))


def send_again(mail_id: int, now: datetime) -> bool:
    """Let a mail that was given up wait as a new one would; false if it is in another state."""
    return _changed(mail_id, MailState.FAILED, state=MailState.WAITING, tries=0, failure="", next_try_at=now)


def _unsent(which: Any, order: Any) -> Iterator[UnsentStatementMail]:
    found = StatementMailModel
    columns = (found.id, found.customer, CustomerModel.name, found.recipient, found.asked_at, found.state, found.tries)
    query: Any = found.select(*columns, found.next_try_at, found.failure).join(CustomerModel).where(which)
    for *facts, state, tries, next_try_at, failure in query.order_by(order).limit(_MOST_UNSENT).tuples():
        known: list[Any] = [*facts, MailState(state), tries, next_try_at, failure]
        yield UnsentStatementMail(*known)


def _changed(mail_id: int, before: MailState, **values: Any) -> bool:
    is_meant = (StatementMailModel.id == mail_id) & (StatementMailModel.state == before)
    return bool(StatementMailModel.update(values).where(is_meant).execute())


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
