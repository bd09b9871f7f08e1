"""Passwords: changed when signed in, with a link, or by an operator; and the links."""

import secrets
from datetime import datetime

from app.actions import api_tokens
from app.actions.automation.program_accounts import refuse_program
from app.actions.own_account import refuse_own
from app.store.access import audit, logins, one_time_links, users
from app.store.access.logins import NewLogin
from app.store.access.one_time_links import Link, Purpose
from app.store.access.users import User
from app.store.db.transactions import transaction

_LINK_TOKEN_BYTES = 32


def make_link(user_id: int, purpose: Purpose, by: User | None, now: datetime) -> str:
    """Make a link to choose a password and return its token; older links of that purpose are deleted.

    `by` is None for the command line; raises OwnAccountError.
    """
    refuse_own(user_id, by)
    return _make_link(user_id, purpose, by, now, by_mail=False)


def make_mailed_link(user_id: int, purpose: Purpose, now: datetime) -> str:
    """Make a link that the worker mails; older links of that purpose that were mailed are deleted."""
    return _make_link(user_id, purpose, None, now, by_mail=True)


def change(
    user: User, password_hash: str, by: User | None, now: datetime, *, new_login: NewLogin | None = None
) -> None:
    """Set the password, which voids the user's links and ends all their sessions before the new login, if any.

    Their tokens still count: who changes the own password may know of each. `by` is None for the command line.
    """
    with transaction():
        _set(user, password_hash, now)
        if new_login:
            logins.start(user.id, new_login, now)
        audit.append(by, "password.changed", f"user:{user.id}", now=now)


def reset(user: User, password_hash: str, now: datetime) -> int:
    """Set the password on the command line; return the number of tokens that this revoked."""
    with transaction():
        change(user, password_hash, None, now)
        return api_tokens.revoke_all_of(user.id, None, now)


def change_by_link(token: str, link: Link, password_hash: str, now: datetime) -> int | None:
    """Set the password of the link's user; return the number of tokens that this revoked, None if the link was used."""
    with transaction():
        if one_time_links.use(token, link.purpose, now) is None:
            return None
        _set(link.user, password_hash, now)
        audit.append(link.user, "password.changed", f"user:{link.user.id}", after={"link": link.purpose}, now=now)
        return api_tokens.revoke_all_of(link.user.id, link.user, now)


def rehash(user_id: int, password_hash: str) -> None:
    """Replace the hash of an unchanged password that was made with older parameters."""
    users.set_password_hash(user_id, password_hash)


def _make_link(user_id: int, purpose: Purpose, by: User | None, now: datetime, *, by_mail: bool) -> str:
    refuse_program(user_id)
    token = secrets.token_urlsafe(_LINK_TOKEN_BYTES)
    with transaction():
        one_time_links.add(token, user_id, purpose, by.id if by else None, now, by_mail=by_mail)
        audit.append(by, "link.made", f"user:{user_id}", after={"purpose": purpose}, now=now)
    return token


def _set(user: User, password_hash: str, now: datetime) -> None:
    refuse_program(user.id)
    users.set_password_hash(user.id, password_hash)
    one_time_links.void(user.id)
    logins.revoke_all_of(user.id, now)
