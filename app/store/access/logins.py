"""Logins: sessions of signed-in browsers, each identified by the random id (`jti`) in its cookie."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from peewee import JOIN

from app.store.access import users
from app.store.access.users import User
from app.store.db import cache, tables
from app.store.db.compiled_queries import Slot, compiled
from app.store.db.database import unless_hindered

LONGEST_IDLE = timedelta(minutes=30)

_SEEN_EVERY = timedelta(minutes=1)
_LONGEST_AGENT = 200
_REMEMBERED = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Login:
    id: int
    jti: str
    user: User
    last_seen_at: datetime


@dataclass(frozen=True, slots=True)
class NewLogin:
    """A session to start; `address` is the client's IP address, `replaces` the id of a session that then ends."""

    jti: str
    expires_at: datetime
    address: str = ""
    user_agent: str = ""
    replaces: str = ""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session as listed for its user; `address` is the client's IP address."""

    id: int
    created_at: datetime
    last_seen_at: datetime
    address: str
    user_agent: str


def start(user_id: int, new: NewLogin, now: datetime) -> None:
    if new.replaces:
        revoke(new.replaces, now)
    tables.LoginModel.create(
        jti=new.jti,
        user=user_id,
        created_at=now,
        last_seen_at=now,
        expires_at=new.expires_at,
        address=new.address,
        user_agent=new.user_agent[:_LONGEST_AGENT],
    )


def find_active(jti: str, now: datetime, idle: timedelta = LONGEST_IDLE) -> Login | None:
    """Return the session, or None if it is unknown, revoked, expired or idle, or its user may no longer sign in."""
    rows = _active(jti, now, now - idle)
    if not rows:
        return None
    ledger_version, login_id, last_seen_at = rows[0][:3]
    cache.use_version(ledger_version)
    return Login(login_id, jti, users.from_rows(row[3:] for row in rows), last_seen_at)


def touch(login: Login, now: datetime) -> None:
    """Update the session's `last_seen_at`, at most once a minute and without waiting for an import to end."""
    if now - login.last_seen_at < _SEEN_EVERY:
        return
    with unless_hindered():
        tables.LoginModel.update(last_seen_at=now).where(tables.LoginModel.id == login.id).execute()


def of_user(user_id: int, now: datetime, idle: timedelta) -> list[SignedIn]:
    """Return the user's active sessions, the most recently seen first."""
    login = tables.LoginModel
    rows: Any = (
        login.select(login.id, login.created_at, login.last_seen_at, login.address, login.user_agent)
        .where(
            login.user == user_id,
            login.revoked_at.is_null(),
            login.expires_at > now,
            login.last_seen_at > now - idle,
        )
        .order_by(login.last_seen_at.desc(), login.id.desc())
        .tuples()
    )
    return [SignedIn(*row) for row in rows]


def was_at(email: str, address: str, now: datetime) -> bool:
    """Return whether the user with that e-mail address signed in from the IP address in the last 90 days."""
    login = tables.LoginModel
    of_user = users.is_called(email) & (login.address == address) & (login.created_at > now - _REMEMBERED)
    return login.select().join(tables.UserModel).where(of_user).exists()


def revoke(jti: str, now: datetime) -> None:
    _revoke(tables.LoginModel.jti == jti, now)


def revoke_one_of(user_id: int, login_id: int, now: datetime) -> bool:
    return _revoke((tables.LoginModel.user == user_id) & (tables.LoginModel.id == login_id), now) == 1


def revoke_all_of(user_id: int, now: datetime) -> int:
    return _revoke(tables.LoginModel.user == user_id, now)


def revoke_others_of(login: Login, now: datetime) -> int:
    return _revoke((tables.LoginModel.user == login.user.id) & (tables.LoginModel.id != login.id), now)


@compiled
def _active(jti: Slot, now: Slot, seen_since: Slot) -> Any:
    login = tables.LoginModel
    return (
        login.select(cache.LEDGER_VERSION, login.id, login.last_seen_at, *users.COLUMNS)
        .join(tables.UserModel)
        .join(tables.ScopeModel, JOIN.LEFT_OUTER)
        .where(
            login.jti == jti.value,
            login.revoked_at.is_null(),
            login.expires_at > now.of(login.expires_at),
            login.last_seen_at > seen_since.of(login.last_seen_at),
            tables.UserModel.active,
        )
    )


def _revoke(which: object, now: datetime) -> int:
    return tables.LoginModel.update(revoked_at=now).where(which, tables.LoginModel.revoked_at.is_null()).execute()
