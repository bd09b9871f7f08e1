"""Changes of users: each in one transaction, audited, and refused if no active administrator would be left."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.actions import api_tokens, link_mails
from app.domain.permissions import EVERYTHING, Right, Role, Scope, may
from app.store.access import audit, logins, one_time_links, passkeys, users
from app.store.access.one_time_links import Purpose
from app.store.access.users import User
from app.store.db.database import AdvisoryLock
from app.store.db.locks import one_at_a_time
from app.store.db.transactions import transaction

_NOBODY = {"the command line", "the worker", "somebody"}  # what the audit says where no user did it


class LastAdminError(Exception):
    """No active administrator would be left; the message is one sentence."""

    def __init__(self) -> None:
        super().__init__("This is the last active admin who sees everything: make somebody else one first.")


class BorrowedNameError(Exception):
    """Another user is called that; the message is one sentence."""

    def __init__(self) -> None:
        super().__init__("Somebody else is called that: choose a name that tells you apart.")


@dataclass(frozen=True, slots=True)
class UserFacts:
    name: str
    role: Role
    scope: Scope = EVERYTHING


def create(email: str, facts: UserFacts, password_hash: str, by: User | None, now: datetime) -> User:
    """Add a user and return it; raises EmailTakenError. `by` is None for the command line."""
    with transaction():
        user = users.create(email, facts.name, facts.role, password_hash, now)
        if facts.scope != EVERYTHING:
            users.set_scope(user.id, facts.scope)
        after = {"email": user.email, **_values(facts)}
        audit.append(by, "user.created", f"user:{user.id}", after=after, now=now)
        return users.existing(user.id)


def invite(email: str, facts: UserFacts, by: User, now: datetime, *, by_mail: bool = False) -> User:
    """Add a user who must choose a password before signing in, by a mail if asked for; raises EmailTakenError."""
    with transaction():
        user = create(email, facts, users.HASH_OF_NONE, by, now)
        if by_mail:
            link_mails.ask(user.email, Purpose.INVITE, now)
        return user


def change(user_id: int, facts: UserFacts, by: User, now: datetime) -> bool:
    """Save the user's values and return whether any differed; raises MissingError or LastAdminError."""
    with _keeping_an_admin(user_id) as user:
        before, after = _values(user), _values(facts)
        changed = {name for name, value in after.items() if value != before[name]}
        if not changed:
            return False
        users.set_facts(user_id, facts.name, facts.role)
        users.set_scope(user_id, facts.scope)
        old, new = ({name: values[name] for name in changed} for values in (before, after))
        audit.append(by, "user.edited", f"user:{user_id}", before=old, after=new, now=now)
        return True


def rename(user: User, name: str, now: datetime) -> bool:
    """Change one's own name and return whether it differed; raises BorrowedNameError if it is somebody else's.

    The audit tells who did what by the name: nobody may borrow somebody else's.
    """
    with transaction():
        one_at_a_time(AdvisoryLock.ADMINS)
        others = (other for other in users.all_users() if other.id != user.id)
        taken = {text.casefold() for other in others for text in (other.name, other.email)} | _NOBODY
        if name and name.casefold() in taken:
            raise BorrowedNameError
        if name == user.name:
            return False
        users.set_facts(user.id, name, users.existing(user.id).role)
        audit.append(user, "user.edited", f"user:{user.id}", before={"name": user.name}, after={"name": name}, now=now)
        return True


def deactivate(user_id: int, by: User, now: datetime) -> bool:
    """Deactivate a user, end all they could sign in with but their password, and return whether they were active.

    Raises MissingError or LastAdminError.
    """
    with _keeping_an_admin(user_id) as user:
        if user.active:
            users.set_active(user_id, active=False)
            _end_access(user_id, by, now)
            audit.append(by, "user.deactivated", f"user:{user_id}", now=now)
        return user.active


def activate(user_id: int, by: User, now: datetime) -> bool:
    """Reactivate a user and return whether they were inactive; raises MissingError."""
    with transaction():
        user = users.existing(user_id)
        if not user.active:
            _end_access(user_id, by, now)  # what was made while they were kept out
            users.set_active(user_id, active=True)
            audit.append(by, "user.activated", f"user:{user_id}", now=now)
        return not user.active


def _end_access(user_id: int, by: User, now: datetime) -> None:
    logins.revoke_all_of(user_id, now)
    one_time_links.void(user_id)
    passkeys.revoke_all_of(user_id, now)
    api_tokens.revoke_all_of(user_id, by, now)


@contextmanager
def _keeping_an_admin(user_id: int) -> Iterator[User]:
    """Yield the user to be changed; raises MissingError, or LastAdminError if none is left after the block."""
    with transaction():
        # If two admins remove each other at the same moment, the second is refused.
        one_at_a_time(AdvisoryLock.ADMINS)
        yield users.existing(user_id)
        if not any(user.active and may(user.role, Right.ADMINISTER, user.scope) for user in users.all_users()):
            raise LastAdminError


def _values(facts: User | UserFacts) -> dict[str, Any]:
    return {
        "name": facts.name,
        "role": facts.role.value,
        "sees": "everything" if facts.scope.is_everything else "",
        "customers": sorted(facts.scope.customers),
        "ledgers": sorted(facts.scope.ledgers),
    }
