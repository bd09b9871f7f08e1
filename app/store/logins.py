"""Logins: the browsers that are signed in, each known by the random id in its cookie."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.store import tables, users
from app.store.database import unless_busy
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
    row = (
        tables.Login.select(tables.Login, tables.User)
        .join(tables.User)
        .where(
            tables.Login.jti == jti,
            tables.Login.revoked_at.is_null(),
            tables.Login.expires_at > now,
            tables.User.active,
        )
        .first()
    )
    return None if row is None else Login(row.id, row.jti, users.from_row(row.user), row.last_seen_at)


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


def _revoke(which: object, now: datetime) -> None:
    tables.Login.update(revoked_at=now).where(which, tables.Login.revoked_at.is_null()).execute()
