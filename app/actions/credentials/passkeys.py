"""Passkeys: registered and removed by their user, or removed by an admin when one is lost."""

from datetime import datetime

from app.actions.automation.program_accounts import refuse_program
from app.actions.own_account import refuse_own
from app.store.access import audit, logins, passkeys, users
from app.store.access.logins import NewLogin
from app.store.access.passkeys import NewPasskey, Passkey
from app.store.access.users import User
from app.store.db.database import AdvisoryLock
from app.store.db.locks import one_at_a_time
from app.store.db.transactions import transaction

MOST = 20


class TooManyPasskeysError(Exception):
    """The user has as many passkeys as anybody may have; the message is one sentence."""

    def __init__(self) -> None:
        super().__init__(f"You have {MOST} passkeys: remove one that you do not use, then add this one.")


class LastWayInError(Exception):
    """The user could not sign in any more; the message is one sentence."""

    def __init__(self) -> None:
        super().__init__("You have no password, so this is your only way to sign in: add another passkey first.")


def register(user: User, new: NewPasskey, now: datetime, *, new_login: NewLogin) -> None:
    """Add a passkey and end all sessions before the new login.

    Raises PasskeyTakenError or TooManyPasskeysError.
    """
    refuse_program(user.id)
    with transaction():
        one_at_a_time(AdvisoryLock.PASSKEYS)
        if len(passkeys.of_user(user.id)) >= MOST:
            raise TooManyPasskeysError
        passkeys.add(user.id, new, now)
        _restart(user, new_login, now)
        audit.append(user, "passkey.registered", f"user:{user.id}", after={"passkey": new.name}, now=now)


def use(user_id: int, passkey: Passkey, sign_count: int, challenged_at: datetime, now: datetime) -> bool:
    """Note that the user used their passkey in a step-up; return False if its signature was used before."""
    with transaction():
        return passkey.user_id == user_id and passkeys.use(passkey.id, sign_count, challenged_at, now)


def remove(user: User, passkey_id: int, now: datetime, *, new_login: NewLogin, issuer: str = "") -> None:
    """Remove one's own passkey and end all sessions before the new login; `issuer` is the provider of sign-ins here.

    Raises MissingError or LastWayInError.
    """
    with transaction():
        one_at_a_time(AdvisoryLock.PASSKEYS)
        if len(passkeys.of_user(user.id)) == 1 and not _has_other_way_in(user, issuer):
            raise LastWayInError
        _revoke(user.id, passkey_id, user, now)
        _restart(user, new_login, now)


def remove_lost(user_id: int, passkey_id: int, by: User, now: datetime) -> None:
    """Remove a passkey of another user and end their sessions; raises MissingError or OwnAccountError."""
    refuse_own(user_id, by)
    with transaction():
        _revoke(user_id, passkey_id, by, now)
        logins.revoke_all_of(user_id, now)


def _has_other_way_in(user: User, issuer: str) -> bool:
    return users.has_password(user.id) or users.has_account_at(user.id, issuer)


def _revoke(user_id: int, passkey_id: int, by: User, now: datetime) -> None:
    passkey = passkeys.existing(user_id, passkey_id)
    if passkeys.revoke(passkey_id, now):
        audit.append(by, "passkey.removed", f"user:{user_id}", after={"passkey": passkey.name}, now=now)


def _restart(user: User, new_login: NewLogin, now: datetime) -> None:
    logins.revoke_all_of(user.id, now)
    logins.start(user.id, new_login, now)
