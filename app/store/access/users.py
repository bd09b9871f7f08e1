"""Users: who may sign in, and as what."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from peewee import JOIN, IntegrityError, fn

from app.domain.permissions import EVERYTHING, Right, Role, Scope, may
from app.store.db import tables
from app.store.db.database import transaction

HASH_OF_NONE = "!"  # no password has this hash


class EmailTakenError(Exception):
    """Somebody has that e-mail address already; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who may sign in while active."""

    id: int
    email: str
    name: str
    role: Role
    active: bool
    scope: Scope = EVERYTHING
    has_second_factor: bool = False

    def may(self, right: Right) -> bool:
        """Tell whether the user has the right; the scope then says to what."""
        return may(self.role, right, self.scope)


# Of these columns there is a row for each customer and ledger of the user's scope, and one where there is no scope.
COLUMNS = (
    tables.UserModel.id,
    tables.UserModel.email,
    tables.UserModel.name,
    tables.UserModel.role,
    tables.UserModel.active,
    tables.UserModel.is_scoped,
    tables.UserModel.totp_secret.is_null(is_null=False),
    tables.ScopeModel.customer,
    tables.ScopeModel.ledger,
)


def create(email: str, name: str, role: Role, password_hash: str, now: datetime) -> User:
    """Add a user; raises EmailTakenError when the address is in use, however it is capitalised."""
    address = _as_compared(email)
    try:
        with transaction():
            row = tables.UserModel.create(
                email=address, name=name, role=role.value, password_hash=password_hash, created_at=now
            )
    except IntegrityError as error:
        raise EmailTakenError(f"There is already a user with the e-mail address {address}.") from error
    return User(row.id, address, name, role, active=True)


def get(user_id: int) -> User | None:
    """Return the user with that id."""
    return next(_found(tables.UserModel.id == user_id), None)


def existing(user_id: int) -> User:
    """Return the user with that id; raises LookupError."""
    user = get(user_id)
    if user is None:
        raise LookupError("There is no such user.")
    return user


def find_by_email(email: str) -> User | None:
    """Return the user with that address, however it is capitalised."""
    return next(_found(is_called(email)), None)


def all_users() -> list[User]:
    """Return everybody, in the order of their addresses."""
    return list(_found(tables.UserModel.id > 0))


def last_seen() -> dict[int, datetime]:
    """Return when each user who ever signed in was last seen."""
    login = tables.LoginModel
    latest = fn.MAX(login.last_seen_at).converter(login.last_seen_at.python_value)
    rows: Any = login.select(login.user, latest).group_by(login.user).tuples()
    return dict(rows)


def password_hash_of(user_id: int) -> str:
    """Return the hash that the user's password is compared with."""
    password_hash: str = tables.UserModel.get_by_id(user_id).password_hash
    return password_hash


def has_password(user_id: int) -> bool:
    """Tell whether the user has chosen a password; who was only invited has not."""
    return password_hash_of(user_id) != HASH_OF_NONE


def set_password_hash(user_id: int, password_hash: str) -> None:
    """Give the user another password; who is signed in stays so until the logins are revoked."""
    tables.UserModel.update(password_hash=password_hash).where(tables.UserModel.id == user_id).execute()


def set_facts(user_id: int, name: str, role: Role) -> None:
    """Give the user a name and a role, which counts from the next request on."""
    tables.UserModel.update(name=name, role=role.value).where(tables.UserModel.id == user_id).execute()


def set_active(user_id: int, *, active: bool) -> None:
    """Let the user in, or keep the user out from the next request on."""
    tables.UserModel.update(active=active).where(tables.UserModel.id == user_id).execute()


def set_scope(user_id: int, scope: Scope) -> None:
    """Let the user see only what the scope covers, from the next request on."""
    with transaction():
        tables.UserModel.update(is_scoped=not scope.is_everything).where(tables.UserModel.id == user_id).execute()
        tables.ScopeModel.delete().where(tables.ScopeModel.user == user_id).execute()
        for customer_id in sorted(scope.customers):
            tables.ScopeModel.create(user=user_id, customer=customer_id)
        for ledger in sorted(scope.ledgers):
            tables.ScopeModel.create(user=user_id, ledger=ledger)


def is_called(email: str) -> Any:
    """Select the user with that address, however it is capitalised."""
    return tables.UserModel.email == _as_compared(email)


def from_rows(rows: Iterable[tuple[Any, ...]]) -> User:
    """Return the user whom all these rows, the values of COLUMNS, are about."""
    known = list(rows)
    user_id, email, name, role, active, is_scoped, has_second_factor, *_ = known[0]
    customers = frozenset(row[-2] for row in known if row[-2] is not None)
    ledgers = frozenset(row[-1] for row in known if row[-1] is not None)
    scope = Scope(customers, ledgers, is_everything=not is_scoped)
    return User(user_id, email, name, Role(role), active, scope, bool(has_second_factor))


def _found(which: Any) -> Iterator[User]:
    rows: Any = tables.UserModel.select(*COLUMNS).join(tables.ScopeModel, JOIN.LEFT_OUTER).where(which)
    for _, own in groupby(rows.order_by(tables.UserModel.email).tuples(), key=itemgetter(0)):
        yield from_rows(own)


def _as_compared(email: str) -> str:
    return email.strip().lower()
