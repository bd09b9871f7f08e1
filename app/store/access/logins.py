"""Logins: sessions of signed-in browsers, each identified by the random id (`jti`) in its cookie."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from peewee import JOIN

from app.store.access import users
from app.store.access.users import User
from app.store.db import cache, tables
from app.store.db.compiled_queries import Slot, compiled
from app.store.db.database import unless_hindered

_Login = tables.LoginModel
LONGEST_IDLE = timedelta(minutes=30)
STEP_UP_LASTS = timedelta(minutes=10)

_SEEN_EVERY = timedelta(minutes=1)
_LONGEST_AGENT = 200
_REMEMBERED = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Login:
    """`confirmed_at` is when a provider last said that its user may sign in; None if no provider signed them in."""

    id: int
    jti: str
    user: User
    last_seen_at: datetime
    expires_at: datetime
    stepped_up_at: datetime | None = None
    confirmed_at: datetime | None = None

    @property
    def is_by_provider(self) -> bool:
        return self.confirmed_at is not None

    def ends_at(self, idle: timedelta) -> datetime:
        """Return when it ends if nothing more is asked for."""
        return min(self.last_seen_at + idle, self.expires_at)

    def has_stepped_up(self, now: datetime) -> bool:
        """Return whether the user proved again who they are a short while ago."""
        return self.stepped_up_at is not None and now - self.stepped_up_at < STEP_UP_LASTS


@dataclass(frozen=True, slots=True)
class NewLogin:
    """A session to start; `address` is the client's IP address, `replaces` the id of a session that then ends.

    `confirmed_at` is when a provider confirmed the user, None if no provider signed them in; its tokens are sealed.
    """

    jti: str
    expires_at: datetime
    address: str = ""
    user_agent: str = ""
    replaces: str = ""
    confirmed_at: datetime | None = None
    provider_tokens: str = ""


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
    _Login.create(
        jti=new.jti,
        user=user_id,
        created_at=now,
        last_seen_at=now,
        expires_at=new.expires_at,
        address=new.address,
        user_agent=new.user_agent[:_LONGEST_AGENT],
        oidc_confirmed_at=new.confirmed_at,
        oidc_tokens=new.provider_tokens,
    )


def find_active(jti: str, now: datetime, idle: timedelta = LONGEST_IDLE) -> Login | None:
    """Return the session, or None if it is unknown, revoked, expired or idle, or its user may no longer sign in."""
    rows = _active(jti, now, now - idle)
    if not rows:
        return None
    ledger_version, login_id, last_seen_at, expires_at, stepped_up_at, confirmed_at = rows[0][:6]
    cache.use_version(ledger_version)
    user = users.from_rows(row[6:] for row in rows)
    return Login(login_id, jti, user, last_seen_at, expires_at, stepped_up_at, confirmed_at)


def touch(login: Login, now: datetime) -> Login:
    """Update the session's `last_seen_at`, at most once a minute and without waiting for an import to end."""
    if now - login.last_seen_at < _SEEN_EVERY:
        return login
    touched = 0
    with unless_hindered():
        touched = _Login.update(last_seen_at=now).where(_Login.id == login.id).execute()
    return replace(login, last_seen_at=now) if touched else login


def step_up(login: Login, now: datetime) -> Login:
    _Login.update(stepped_up_at=now).where(_Login.id == login.id).execute()
    return replace(login, stepped_up_at=now)


def provider_tokens_of(login: Login) -> str:
    """Return the sealed tokens of the provider; empty if it is no login by a provider."""
    return str(_Login.get_by_id(login.id).oidc_tokens)


def claim_provider_check(login: Login, now: datetime, every: timedelta) -> bool:
    """Return whether this request is the one that asks the provider; others go on meanwhile."""
    is_due = _Login.oidc_asked_at.is_null() | (_Login.oidc_asked_at <= now - every)
    claimed = 0
    with unless_hindered():
        claimed = _Login.update(oidc_asked_at=now).where(_Login.id == login.id, is_due).execute()
    return bool(claimed)


def confirm(login: Login, provider_tokens: str, now: datetime) -> Login:
    """Note that the provider confirmed the user, with its new tokens, sealed."""
    _Login.update(oidc_confirmed_at=now, oidc_tokens=provider_tokens).where(_Login.id == login.id).execute()
    return replace(login, confirmed_at=now)


def of_user(user_id: int, now: datetime, idle: timedelta) -> list[SignedIn]:
    """Return the user's active sessions, the most recently seen first."""
    rows: Any = (
        _Login.select(_Login.id, _Login.created_at, _Login.last_seen_at, _Login.address, _Login.user_agent)
        .where(
            _Login.user == user_id,
            _Login.revoked_at.is_null(),
            _Login.expires_at > now,
            _Login.last_seen_at > now - idle,
        )
        .order_by(_Login.last_seen_at.desc(), _Login.id.desc())
        .tuples()
    )
    return [SignedIn(*row) for row in rows]


def was_at(email: str, address: str, now: datetime) -> bool:
    """Return whether the user with that e-mail address signed in from the IP address in the last 90 days."""
    of_user = users.is_called(email) & (_Login.address == address) & (_Login.created_at > now - _REMEMBERED)
    return _Login.select().join(tables.UserModel).where(of_user).exists()


def revoke(jti: str, now: datetime) -> None:
    _revoke(_Login.jti == jti, now)


def revoke_one_of(user_id: int, login_id: int, now: datetime) -> bool:
    return _revoke((_Login.user == user_id) & (_Login.id == login_id), now) == 1


def revoke_all_of(user_id: int, now: datetime) -> int:
    return _revoke(_Login.user == user_id, now)


def revoke_others_of(login: Login, now: datetime) -> int:
    return _revoke((_Login.user == login.user.id) & (_Login.id != login.id), now)


@compiled
def _active(jti: Slot, now: Slot, seen_since: Slot) -> Any:
    return (
        _Login.select(
            cache.LEDGER_VERSION,
            _Login.id,
            _Login.last_seen_at,
            _Login.expires_at,
            _Login.stepped_up_at,
            _Login.oidc_confirmed_at,
            *users.COLUMNS,
        )
        .join(tables.UserModel)
        .join(tables.ScopeModel, JOIN.LEFT_OUTER)
        .where(
            _Login.jti == jti.value,
            _Login.revoked_at.is_null(),
            _Login.expires_at > now.of(_Login.expires_at),
            _Login.last_seen_at > seen_since.of(_Login.last_seen_at),
            tables.UserModel.active,
        )
    )


def _revoke(which: object, now: datetime) -> int:
    return _Login.update(revoked_at=now, oidc_tokens="").where(which, _Login.revoked_at.is_null()).execute()
