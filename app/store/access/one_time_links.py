"""One-time links for choosing a password, after an invitation or a reset; only the tokens' hashes are stored."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from app.store.access import users
from app.store.access.hashes import hash_of
from app.store.access.users import User
from app.store.db.tables import OneTimeLinkModel


class Purpose(StrEnum):
    INVITE = "invite"
    RESET = "reset"


_GOOD_FOR = {Purpose.INVITE: timedelta(days=7), Purpose.RESET: timedelta(minutes=30)}


@dataclass(frozen=True, slots=True)
class Link:
    user: User
    purpose: Purpose


def add(
    token: str, user_id: int, purpose: Purpose, made_by: int | None, now: datetime, *, by_mail: bool = False
) -> None:
    """Store the link; the user's older links of that purpose are deleted, for a link by mail only those by mail.

    Anybody who knows the address can ask for a link by mail, and must not take away the one that an admin made.
    """
    older = OneTimeLinkModel.delete().where(OneTimeLinkModel.user == user_id, OneTimeLinkModel.purpose == purpose)
    (older.where(OneTimeLinkModel.by_mail) if by_mail else older).execute()
    OneTimeLinkModel.create(
        token_hash=hash_of(token),
        user=user_id,
        purpose=purpose,
        made_by=made_by,
        by_mail=by_mail,
        made_at=now,
        expires_at=now + _GOOD_FOR[purpose],
    )


def find(token: str, now: datetime) -> Link | None:
    """Return the token's link without using it, or None if it was used, has expired or its user is inactive."""
    row: Any = OneTimeLinkModel.get_or_none(
        OneTimeLinkModel.token_hash == hash_of(token), OneTimeLinkModel.expires_at > now
    )
    user = users.get(row.user_id) if row else None
    return Link(user, Purpose(row.purpose)) if user and user.active else None


def use(token: str, purpose: Purpose, now: datetime) -> int | None:
    """Use up the link and return its user's id, or None; of two concurrent calls, one succeeds."""
    link = find(token, now)
    if link is None or link.purpose is not purpose:
        return None
    deleted: int = OneTimeLinkModel.delete().where(OneTimeLinkModel.token_hash == hash_of(token)).execute()
    return link.user.id if deleted else None


def void(user_id: int) -> None:
    OneTimeLinkModel.delete().where(OneTimeLinkModel.user == user_id).execute()
