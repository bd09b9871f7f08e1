"""Signing in and out, ending other sessions, and what is refused on the way."""

from datetime import datetime
from typing import Final

from app.actions import second_factors
from app.store.access import audit, logins, passkeys
from app.store.access.logins import Login, NewLogin
from app.store.access.passkeys import Passkey
from app.store.access.throttles import Throttled, Throttles, Wait
from app.store.access.users import User
from app.store.db.transactions import transaction

REPLAYED: Final = "a passkey's signature that was used before"


def start(user: User, new_login: NewLogin, now: datetime, *, second_factor: str = "", **details: str) -> None:
    """Sign the user in; `second_factor` is the kind of code that was used, if one was."""
    with transaction():
        logins.start(user.id, new_login, now)
        _record(user, "session.started", now, by=user, second_factor=second_factor, **details)


def start_with_code(user: User, code: str, new_login: NewLogin, now: datetime) -> str:
    """Sign the user in if the code is right and return its kind; empty if it is wrong, which is audited."""
    with transaction():
        kind = second_factors.use_code(user.id, code, now)
        if kind:
            start(user, new_login, now, second_factor=kind)
        else:
            refuse(user, "wrong code", now)
        return kind


def start_with_passkey(
    user: User, passkey: Passkey, sign_count: int, challenged_at: datetime, new_login: NewLogin, now: datetime
) -> bool:
    """Sign the user in by a passkey whose signature is right; return False, which is audited, if it came before."""
    with transaction():
        is_new = passkeys.use(passkey.id, sign_count, challenged_at, now)
        if is_new:
            start(user, new_login, now, second_factor="passkey", passkey=passkey.name)
        else:
            refuse(user, REPLAYED, now)
        return is_new


def refuse(user: User, reason: str, now: datetime) -> None:
    """Audit that the user was not signed in; guesses at unknown users are only logged, as they could fill the table."""
    with transaction():
        _record(user, "session.refused", now, reason=reason)


def step_up(login: Login, now: datetime) -> Login:
    """Note that the user proved again who they are, and return the login that knows."""
    with transaction():
        _record(login.user, "step_up.passed", now, by=login.user)
        return logins.step_up(login, now)


def refuse_step_up(user: User, reason: str, now: datetime) -> None:
    """Audit that a signed-in user did not prove again who they are."""
    with transaction():
        _record(user, "step_up.refused", now, by=user, reason=reason)


def begin_attempt(
    throttles: Throttles, counted: tuple[Throttled, ...], user: User | None, now: datetime
) -> Wait | None:
    """Count an attempt, or return how long to wait; of each wait, only the first refusal of a known user is audited."""
    wait = throttles.attempt(counted, now)
    if user and wait and wait.is_news:
        with transaction():
            _record(user, "session.throttled", now)
    return wait


def sign_out(login: Login, now: datetime) -> None:
    with transaction():
        logins.revoke(login.jti, now)
        _record(login.user, "session.ended", now, by=login.user)


def end_login(user: User, login_id: int, now: datetime) -> bool:
    """End one other session of the user; return whether there was such a session."""
    with transaction():
        ended = logins.revoke_one_of(user.id, login_id, now)
        if ended:
            _record(user, "login.revoked", now, by=user, login=login_id)
        return ended


def end_other_logins(login: Login, now: datetime) -> None:
    with transaction():
        count = logins.revoke_others_of(login, now)
        _record(login.user, "login.revoked", now, by=login.user, others=count)


def refuse_request(user: User, action: str, path: str, details: dict[str, str], now: datetime) -> None:
    """Audit that a request of a signed-in user was refused: `action` is access.refused or form.refused."""
    with transaction():
        audit.append(user, action, f"page:{path}", after=details, now=now)


def _record(user: User, action: str, now: datetime, *, by: User | None = None, **after: object) -> None:
    audit.append(by, action, f"user:{user.id}", after=after, now=now)
