"""Changes of users: each one transaction, recorded, and refused when nobody would be left to administer."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.domain.permissions import EVERYTHING, Right, Role, Scope, may
from app.store.access import audit, logins, users
from app.store.access.users import User
from app.store.db.database import one_at_a_time, transaction

_ADMINS_LOCK = 7_340_514  # any number, as long as nothing else in the database locks on it


class LastAdminError(Exception):
    """Nobody would be left who administers; the message is one sentence."""

    def __init__(self) -> None:
        super().__init__("This is the last active admin who sees everything: make somebody else one first.")


@dataclass(frozen=True, slots=True)
class UserFacts:
    """What an admin says of a user."""

    name: str
    role: Role
    scope: Scope = EVERYTHING


def create(email: str, facts: UserFacts, password_hash: str, by: User | None, now: datetime) -> User:
    """Add a user; raises EmailTakenError."""
    with transaction():
        user = users.create(email, facts.name, facts.role, password_hash, now)
        if facts.scope != EVERYTHING:
            users.set_scope(user.id, facts.scope)
        after = {"email": user.email, **_said(facts.name, facts.role, facts.scope)}
        audit.append(by, "user.created", f"user:{user.id}", before={}, after=after, now=now)
        return users.existing(user.id)


def invite(email: str, facts: UserFacts, by: User, now: datetime) -> User:
    """Add a user who has yet to choose a password, and cannot sign in before; raises EmailTakenError."""
    return create(email, facts, users.HASH_OF_NONE, by, now)


def change(user_id: int, facts: UserFacts, by: User, now: datetime) -> bool:
    """Change what is said of a user and tell whether anything was different; raises LookupError or LastAdminError."""

    def write(user: User) -> bool:
        before, after = _said(user.name, user.role, user.scope), _said(facts.name, facts.role, facts.scope)
        changed = {name for name, value in after.items() if value != before[name]}
        if not changed:
            return False
        users.set_facts(user_id, facts.name, facts.role)
        users.set_scope(user_id, facts.scope)
        was, became = ({name: said[name] for name in changed} for said in (before, after))
        audit.append(by, "user.edited", f"user:{user_id}", before=was, after=became, now=now)
        return True

    return _keeping_an_admin(user_id, write)


def deactivate(user_id: int, by: User, now: datetime) -> bool:
    """Keep a user out, at once, and tell whether that was new; raises LookupError or LastAdminError."""

    def write(user: User) -> bool:
        if user.active:
            users.set_active(user_id, active=False)
            logins.revoke_all_of(user_id, now)
            audit.append(by, "user.deactivated", f"user:{user_id}", before={}, after={}, now=now)
        return user.active

    return _keeping_an_admin(user_id, write)


def activate(user_id: int, by: User, now: datetime) -> bool:
    """Let a user in again and tell whether that was new; raises LookupError."""
    with transaction():
        user = users.existing(user_id)
        if not user.active:
            users.set_active(user_id, active=True)
            audit.append(by, "user.activated", f"user:{user_id}", before={}, after={}, now=now)
        return not user.active


def _keeping_an_admin(user_id: int, write: Callable[[User], bool]) -> bool:
    with transaction():
        # Of two admins who remove one another at the same moment, the second is refused.
        one_at_a_time(_ADMINS_LOCK)
        was_different = write(users.existing(user_id))
        if not any(user.active and may(user.role, Right.ADMINISTER, user.scope) for user in users.all_users()):
            raise LastAdminError
        return was_different


def _said(name: str, role: Role, scope: Scope) -> dict[str, Any]:
    return {
        "name": name,
        "role": role.value,
        "sees": "everything" if scope.is_everything else "",
        "customers": sorted(scope.customers),
        "ledgers": sorted(scope.ledgers),
    }
