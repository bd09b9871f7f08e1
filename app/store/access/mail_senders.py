"""Senders of mails: the users from whose addresses a workbook is taken."""

from app.domain.permissions import Right
from app.store.access import users
from app.store.access.users import User


def addresses() -> list[str]:
    return [user.email for user in users.all_users() if _may_send(user)]


def is_known(address: str) -> bool:
    user = users.find_by_email(address)
    return user is not None and _may_send(user)


def _may_send(user: User) -> bool:
    """Leave out a user without a password too: an invitation that was not accepted, or a user for programs."""
    return user.active and user.may(Right.IMPORT) and users.has_password(user.id)
