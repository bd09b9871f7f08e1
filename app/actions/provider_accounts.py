"""Which user an account at the provider of sign-ins belongs to: linked by e-mail address once, unlinked by an admin."""

from datetime import datetime

from app.store.access import audit, logins, users
from app.store.access.logins import Login
from app.store.access.users import User
from app.store.db.locks import one_at_a_time
from app.store.db.transactions import transaction

_LINKS_LOCK = 7_340_519  # any number, as long as nothing else in the database locks on it


class NoUserError(Exception):
    """Nobody here has that account or that e-mail address, or they may not sign in."""


class OtherAccountError(Exception):
    """The user with that e-mail address has another account at this provider."""

    def __init__(self, user: User) -> None:
        super().__init__(user.email)
        self.user = user


def user_of(issuer: str, subject: str, email: str, now: datetime) -> User:
    """Return the active user of the account; `email` is what the provider vouches for, and links the first time only.

    Raises NoUserError or OtherAccountError.
    """
    if known := users.find_by_subject(issuer, subject):
        return _active(known)
    with transaction():
        one_at_a_time(_LINKS_LOCK)
        user = _active(users.find_by_email(email) if email else None)
        before = users.provider_account_of(user.id)
        if before and before[0] == issuer and before[1] != subject:
            raise OtherAccountError(user)
        users.set_provider_account(user.id, (issuer, subject))
        audit.append(user, "provider.linked", f"user:{user.id}", after={"provider": issuer}, now=now)
    return user


def unlink(user_id: int, by: User | None, now: datetime) -> bool:
    """Remove the account of the provider and end the user's logins; return whether there was one."""
    with transaction():
        account = users.provider_account_of(user_id)
        if account:
            users.set_provider_account(user_id, None)
            logins.revoke_all_of(user_id, now)
            audit.append(by, "provider.unlinked", f"user:{user_id}", before={"provider": account[0]}, now=now)
    return account is not None


def confirm(login: Login, provider_tokens: str, now: datetime) -> Login:
    """Note that the provider confirmed the user of the login."""
    with transaction():
        return logins.confirm(login, provider_tokens, now)


def end(login: Login, reason: str, now: datetime) -> None:
    """End the login whose user the provider no longer confirms."""
    with transaction():
        logins.revoke(login.jti, now)
        after = {"reason": reason}
        audit.append(login.user, "session.ended_by_provider", f"user:{login.user.id}", after=after, now=now)


def _active(user: User | None) -> User:
    if user is None or not user.active or user.is_program:
        raise NoUserError
    return user
