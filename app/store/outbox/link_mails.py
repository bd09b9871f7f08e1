"""Mails with links to choose a password: who asked for one, never the link itself."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.domain.statement_mail import MailState
from app.store.db.tables import LinkMailModel
from app.store.outbox.mail_queue import MailQueue

queue = MailQueue(LinkMailModel)

_SENT_ARE_KEPT_FOR = timedelta(days=30)
_ALL_ARE_KEPT_FOR = timedelta(days=90)
_MOST_UNSENT = 50


@dataclass(frozen=True, slots=True)
class LinkMail:
    """`purpose` is one of app/store/access/one_time_links.py."""

    id: int
    email: str
    purpose: str
    asked_at: datetime
    state: MailState
    tries: int
    next_try_at: datetime
    failure: str


def add(email: str, purpose: str, now: datetime) -> int:
    row = LinkMailModel.create(email=email, purpose=purpose, asked_at=now, state=MailState.WAITING, next_try_at=now)
    return row.id


def get(mail_id: int) -> LinkMail | None:
    row = LinkMailModel.get_or_none(LinkMailModel.id == mail_id)
    return None if row is None else _mail(row)


def unsent(failed_since: datetime) -> list[LinkMail]:
    """Return those that wait or are on their way, oldest first, then the newest that failed since the moment."""
    if not queue.is_any_unsent(failed_since):
        return []
    number = LinkMailModel.id
    return [*_unsent(queue.is_unsent(), number), *_unsent(queue.has_failed(failed_since), number.desc())]


def delete(mail_id: int) -> None:
    LinkMailModel.delete().where(LinkMailModel.id == mail_id).execute()


def has_old(now: datetime) -> bool:
    return bool(LinkMailModel.select().where(_is_old(now)).exists())


def delete_old(now: datetime) -> int:
    return LinkMailModel.delete().where(_is_old(now)).execute()


def _unsent(which: Any, order: Any) -> list[LinkMail]:
    return [_mail(row) for row in LinkMailModel.select().where(which).order_by(order).limit(_MOST_UNSENT)]


def _is_old(now: datetime) -> object:
    sent = (LinkMailModel.state == MailState.SENT) & (LinkMailModel.asked_at < now - _SENT_ARE_KEPT_FOR)
    ended = [MailState.FAILED, MailState.CANCELLED]
    failed = LinkMailModel.state.in_(ended) & (LinkMailModel.asked_at < now - _ALL_ARE_KEPT_FOR)
    return sent | failed


def _mail(row: LinkMailModel) -> LinkMail:
    return LinkMail(
        row.id, row.email, row.purpose, row.asked_at, MailState(row.state), row.tries, row.next_try_at, row.failure
    )
