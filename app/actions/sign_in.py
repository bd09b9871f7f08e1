"""Signing in and out, ending other sessions, and what is refused on the way."""

from datetime import datetime
from typing import Final

from app.actions import second_factors
from app.store.access import audit, logins, passkeys, users
from app.store.access.logins import Login, NewLogin
from app.store.access.passkeys import Passkey
from app.store.access.throttles import Throttled, Throttles, Wait
from app.store.access.users import User
from app.store.db.database import AdvisoryLock
from app.store.db.locks import one_at_a_time
from app.store.db.transactions import transaction

REPLAYED: Final = "a passkey's signature that was used before"


class NoUserError(Exception):
    """Nobody here has that account or that e-mail address, or they may not sign in."""


class OtherAccountError(Exception):
    """The user with that e-mail address has another account at this provider."""

    def __init__(self, user: User) -> None:
        super().__init__(user.email)
        self.user = user


def start(
    user: User, new_login: NewLogin, now: datetime, *, second_factor: str = "", provider: str = "", **details: str
) -> None:
    """Sign the user in; `second_factor` is the kind of code that was used, `provider` the issuer, if one said so."""
    by_provider = {"provider": provider} if provider else {}
    with transaction():
        logins.start(user.id, new_login, now)
        _record(user, "session.started", now, by=user, second_factor=second_factor, **by_provider, **details)


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


def user_of_account(issuer: str, subject: str, email: str, now: datetime) -> User:
    """Return the active user of the account; `email` is what the provider vouches for, and links the first time only.

    Raises NoUserError or OtherAccountError.
    """
    if known := users.find_by_subject(issuer, subject):
        return _active(known)
    with transaction():
        one_at_a_time(AdvisoryLock.PROVIDER_ACCOUNTS)
        user = _active(users.find_by_email(email) if email else None)
        before = users.provider_account_of(user.id)
        if before and before[0] == issuer and before[1] != subject:
            raise OtherAccountError(user)
        users.set_provider_account(user.id, (issuer, subject))
        audit.append(user, "provider.linked", f"user:{user.id}", after={"provider": issuer}, now=now)
    return user


def unlink_account(user_id: int, by: User | None, now: datetime) -> bool:
    """Remove the account of the provider and end the user's logins; return whether there was one."""
    with transaction():
        account = users.provider_account_of(user_id)
        if account:
            users.set_provider_account(user_id, None)
            logins.revoke_all_of(user_id, now)
            audit.append(by, "provider.unlinked", f"user:{user_id}", before={"provider": account[0]}, now=now)
    return account is not None


def confirm_by_provider(login: Login, provider_tokens: str, now: datetime) -> Login:
    """Note that the provider confirmed the user of the login."""
    with transaction():
        return logins.confirm(login, provider_tokens, now)


def end_by_provider(login: Login, reason: str, now: datetime) -> None:
    """End the login whose user the provider no longer confirms."""
    with transaction():
        logins.revoke(login.jti, now)
        after = {"reason": reason}
        audit.append(login.user, "session.ended_by_provider", f"user:{login.user.id}", after=after, now=now)


def _record(user: User, action: str, now: datetime, *, by: User | None = None, **after: object) -> None:
    audit.append(by, action, f"user:{user.id}", after=after, now=now)


def _active(user: User | None) -> User:
    if user is None or not user.active or user.is_program:
        raise NoUserError
    return user
