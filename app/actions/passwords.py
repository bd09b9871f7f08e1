"""Changing a password: signed in, with a link, or by an operator."""

from datetime import datetime

from app.store.access import audit, logins, one_time_links, users
from app.store.access.one_time_links import Link
from app.store.access.users import User
from app.store.db.database import transaction


def change(user: User, password_hash: str, by: User | None, now: datetime) -> None:
    """Set the password, which voids the user's links and ends all sessions; `by` is None for the command line."""
    with transaction():
        _set(user, password_hash, now)
        audit.append(by, "password.changed", f"user:{user.id}", before={}, after={}, now=now)


def change_by_link(token: str, link: Link, password_hash: str, now: datetime) -> bool:
    """Set the password of the link's user; return whether the link could still be used."""
    with transaction():
        if one_time_links.use(token, link.purpose, now) is None:
            return False
        _set(link.user, password_hash, now)
        after = {"link": link.purpose}
        audit.append(link.user, "password.changed", f"user:{link.user.id}", before={}, after=after, now=now)
        return True


def _set(user: User, password_hash: str, now: datetime) -> None:
    users.set_password_hash(user.id, password_hash)
    one_time_links.void(user.id)
    logins.revoke_all_of(user.id, now)
