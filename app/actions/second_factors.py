"""Second factors: codes of an authenticator app, recovery codes, and turning both on and off."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

import pyotp

from app.actions.own_account import refuse_own
from app.store.access import audit, logins, passkeys, second_factor
from app.store.access.logins import NewLogin
from app.store.access.users import User
from app.store.db.transactions import transaction

RECOVERY_CODE: Final = "recovery code"

_STEP_SECONDS = 30


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """Return the time step that the code is valid for, which can only be the current one, or None."""
    if not pyotp.TOTP(secret).verify(_bare(code), for_time=now, valid_window=0):
        return None
    return int(now.timestamp()) // _STEP_SECONDS


def use_code(user_id: int, code: str, now: datetime) -> str:
    """Use up the user's code and return its kind, "code" or RECOVERY_CODE; empty if it is wrong or used already."""
    secret = second_factor.secret_of(user_id)
    if secret is None:
        return ""
    step = step_of(secret, code, now)
    if step is not None:
        return "code" if second_factor.accept_step(user_id, step) else ""
    return RECOVERY_CODE if second_factor.accept_recovery_code(user_id, _bare(code)) else ""


def enable(
    user: User,
    secret: str,
    step: int,
    recovery_codes: Iterable[str],
    now: datetime,
    *,
    new_login: NewLogin | None = None,
) -> None:
    """Turn the second factor on and end the user's sessions; `step` is the time step of the code that confirmed it."""
    with transaction():
        logins.revoke_all_of(user.id, now)
        second_factor.set_secret(user.id, secret, step)
        second_factor.replace_recovery_codes(user.id, recovery_codes)
        if new_login:
            logins.start(user.id, new_login, now)
        audit.append(user, "second_factor.enabled", f"user:{user.id}", now=now)


def disable(user: User, now: datetime, *, new_login: NewLogin) -> None:
    """Turn the own second factor off and end all sessions before the new login."""
    with transaction():
        _remove(user.id, user, now)
        logins.start(user.id, new_login, now)


def reset(user_id: int, by: User | None, now: datetime) -> None:
    """Turn off the second factor that a user has lost, remove their passkeys, and end their sessions.

    `by` is None for the command line; raises OwnAccountError.
    """
    refuse_own(user_id, by)
    with transaction():
        passkeys.revoke_all_of(user_id, now)
        _remove(user_id, by, now)


def renew_recovery_codes(user: User, recovery_codes: Iterable[str], now: datetime) -> None:
    with transaction():
        second_factor.replace_recovery_codes(user.id, recovery_codes)
        audit.append(user, "recovery_codes.renewed", f"user:{user.id}", now=now)


def _remove(user_id: int, by: User | None, now: datetime) -> None:
    second_factor.set_secret(user_id, None, None)
    second_factor.replace_recovery_codes(user_id, ())
    logins.revoke_all_of(user_id, now)
    audit.append(by, "second_factor.removed", f"user:{user_id}", now=now)


def _bare(code: str) -> str:
    return "".join(sign for sign in code if sign.isalnum()).upper()
