"""Logins: the browsers that are signed in, each known by the random id in its cookie."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from peewee import JOIN

from app.store import remembered, tables, users
from app.store.database import unless_busy
from app.store.prepared import Slot, prepared
from app.store.users import User

_SEEN_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Login:
    """One signed-in browser and who sits at it."""

    id: int
    jti: str
    user: User
    last_seen_at: datetime


def start(user_id: int, jti: str, now: datetime, expires_at: datetime) -> None:
    """Sign a browser in until the moment given."""
    tables.Login.create(jti=jti, user=user_id, created_at=now, last_seen_at=now, expires_at=expires_at)


def find_active(jti: str, now: datetime) -> Login | None:
    """Return the login unless it is revoked, has expired, or its user may no longer sign in."""
    rows = _active(jti, now)
    if not rows:
        return None
    mark, login_id, last_seen_at = rows[0][:3]
    remembered.seen(mark)
    return Login(login_id, jti, users.from_rows(row[3:] for row in rows), last_seen_at)


def touch(login: Login, now: datetime) -> None:
    """Note that the browser was seen, at most once a minute and never waiting for an import to end."""
    if now - login.last_seen_at < _SEEN_EVERY:
        return
    with unless_busy():
        tables.Login.update(last_seen_at=now).where(tables.Login.id == login.id).execute()


def revoke(jti: str, now: datetime) -> None:
    """Sign one browser out."""
    _revoke(tables.Login.jti == jti, now)


def revoke_all_of(user_id: int, now: datetime) -> None:
    """Sign the user out everywhere."""
    _revoke(tables.Login.user == user_id, now)


@prepared
def _active(jti: Slot, now: Slot) -> Any:
    login = tables.Login
    return (
        login.select(remembered.MARK, login.id, login.last_seen_at, *users.COLUMNS)
        .join(tables.User)
        .join(tables.Scope, JOIN.LEFT_OUTER)
        .where(
            login.jti == jti.value,
            login.revoked_at.is_null(),
            login.expires_at > now.of(login.expires_at),
            tables.User.active,
        )
    )


def _revoke(which: object, now: datetime) -> None:
    tables.Login.update(revoked_at=now).where(which, tables.Login.revoked_at.is_null()).execute()
