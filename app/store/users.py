"""Users: who may sign in, and as what."""

from dataclasses import dataclass
from datetime import datetime

from peewee import IntegrityError

from app.domain.permissions import Role
from app.store import tables
from app.store.database import transaction


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


COLUMNS = (tables.User.id, tables.User.email, tables.User.name, tables.User.role, tables.User.active)


def create(email: str, name: str, role: Role, password_hash: str, now: datetime) -> User:
    """Add a user; raises EmailTakenError when the address is in use, however it is capitalised."""
    address = _as_compared(email)
    try:
        with transaction():
            row = tables.User.create(
                email=address, name=name, role=role.value, password_hash=password_hash, created_at=now
            )
    except IntegrityError as error:
        raise EmailTakenError(f"There is already a user with the e-mail address {address}.") from error
    return from_row(row)


def get(user_id: int) -> User | None:
    """Return the user with that id."""
    row = tables.User.get_or_none(tables.User.id == user_id)
    return None if row is None else from_row(row)


def find_by_email(email: str) -> User | None:
    """Return the user with that address, however it is capitalised."""
    row = tables.User.get_or_none(tables.User.email == _as_compared(email))
    return None if row is None else from_row(row)


def all_users() -> list[User]:
    """Return everybody, in the order of their addresses."""
    return [from_row(row) for row in tables.User.select().order_by(tables.User.email)]


def password_hash_of(user_id: int) -> str:
    """Return the hash that the user's password is compared with."""
    password_hash: str = tables.User.get_by_id(user_id).password_hash
    return password_hash


def set_password_hash(user_id: int, password_hash: str) -> None:
    """Give the user another password; who is signed in stays so until the logins are revoked."""
    tables.User.update(password_hash=password_hash).where(tables.User.id == user_id).execute()


def set_active(user_id: int, *, active: bool) -> None:
    """Let the user in, or keep the user out from the next request on."""
    tables.User.update(active=active).where(tables.User.id == user_id).execute()


def from_row(row: tables.User) -> User:
    """Return what the rest of the app may know of a row."""
    return from_columns(row.id, row.email, row.name, row.role, row.active)


def from_columns(user_id: int, email: str, name: str, role: str, active: bool) -> User:  # noqa: FBT001  # a column
    """Return what the rest of the app may know of a row, given the values of COLUMNS."""
    return User(user_id, email, name, Role(role), active)


def _as_compared(email: str) -> str:
    return email.strip().lower()
