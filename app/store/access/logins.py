"""Logins: the browsers that are signed in, each known by the random id in its cookie."""

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
    """One signed-in browser and who sits at it."""

    id: int
    jti: str
    user: User
    last_seen_at: datetime


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A browser that is signed in, as its user is told of it."""

    id: int
    created_at: datetime
    last_seen_at: datetime
    address: str
    user_agent: str


def start(
    user_id: int, jti: str, now: datetime, expires_at: datetime, *, address: str = "", user_agent: str = ""
) -> None:
    """Sign a browser in until the moment given."""
    tables.LoginModel.create(
        jti=jti,
        user=user_id,
        created_at=now,
        last_seen_at=now,
        expires_at=expires_at,
        address=address,
        user_agent=user_agent[:_LONGEST_AGENT],
    )


def find_active(jti: str, now: datetime, idle: timedelta = LONGEST_IDLE) -> Login | None:
    """Return the login unless it is revoked, idle for so long, expired, or its user may no longer sign in."""
    rows = _active(jti, now, now - idle)
    if not rows:
        return None
    mark, login_id, last_seen_at = rows[0][:3]
    cache.use_version(mark)
    return Login(login_id, jti, users.from_rows(row[3:] for row in rows), last_seen_at)


def touch(login: Login, now: datetime) -> None:
    """Note that the browser was seen, at most once a minute and never waiting for an import to end."""
    if now - login.last_seen_at < _SEEN_EVERY:
        return
    with unless_hindered():
        tables.LoginModel.update(last_seen_at=now).where(tables.LoginModel.id == login.id).execute()


def of_user(user_id: int, now: datetime, idle: timedelta) -> list[SignedIn]:
    """Return the browsers in which the user is signed in, the one seen last first."""
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
    """Tell whether the user with that e-mail address signed in from the network address in the last months."""
    login = tables.LoginModel
    of_user = users.is_called(email) & (login.address == address) & (login.created_at > now - _REMEMBERED)
    found: bool = login.select().join(tables.UserModel).where(of_user).exists()
    return found


def revoke(jti: str, now: datetime) -> None:
    """Sign one browser out."""
    _revoke(tables.LoginModel.jti == jti, now)


def revoke_one_of(user_id: int, login_id: int, now: datetime) -> bool:
    """Sign one of the user's browsers out, and tell whether it was one that was signed in."""
    return _revoke((tables.LoginModel.user == user_id) & (tables.LoginModel.id == login_id), now) == 1


def revoke_all_of(user_id: int, now: datetime) -> int:
    """Sign the user out everywhere, and return how many logins that ended."""
    return _revoke(tables.LoginModel.user == user_id, now)


def revoke_others_of(login: Login, now: datetime) -> int:
    """Sign the login's user out everywhere else, and return how many logins that ended."""
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
    ended: int = tables.LoginModel.update(revoked_at=now).where(which, tables.LoginModel.revoked_at.is_null()).execute()
    return ended
