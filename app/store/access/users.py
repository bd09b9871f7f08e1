"""Users: their e-mail addresses, roles, scopes and password hashes."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from peewee import JOIN, IntegrityError, fn

from app.domain.permissions import EVERYTHING, Right, Role, Scope, may
from app.store.db import tables
from app.store.db.missing_records import existing_or_raise
from app.store.db.transactions import transaction

_User, _Scope, _Passkey = tables.UserModel, tables.ScopeModel, tables.PasskeyModel
# The program that the stack brings along; no mail ever reaches a name below .invalid (RFC 6761).
AUTOMATION_EMAIL = "automation@n8n.invalid"
HASH_OF_NONE = "!"  # matches no password


class EmailTakenError(Exception):
    """Another user has that e-mail address; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class User:
    id: int
    email: str
    name: str
    role: Role
    active: bool
    scope: Scope = EVERYTHING
    has_totp: bool = False
    has_passkey: bool = False

    @property
    def has_second_factor(self) -> bool:
        """Return whether the password alone does not sign the user in."""
        return self.has_totp or self.has_passkey

    @property
    def is_program(self) -> bool:
        return self.email == AUTOMATION_EMAIL

    def may(self, right: Right) -> bool:
        return may(self.role, right, self.scope)


# A query of these columns returns one row for each customer and ledger in the user's scope, one row without a scope.
COLUMNS = (
    _User.id, _User.email, _User.name, _User.role, _User.active, _User.is_scoped,
    _User.totp_secret.is_null(is_null=False),
    fn.EXISTS(_Passkey.select(_Passkey.id).where(_Passkey.user == _User.id, _Passkey.revoked_at.is_null())),
    _Scope.customer, _Scope.ledger,
)  # fmt: skip


def create(email: str, name: str, role: Role, password_hash: str, now: datetime) -> User:
    """Add a user; raises EmailTakenError if the address is in use, ignoring case."""
    address = _as_compared(email)
    try:
        with transaction():
            row = _User.create(email=address, name=name, role=role, password_hash=password_hash, created_at=now)
    except IntegrityError as error:
        raise EmailTakenError(f"There is already a user with the e-mail address {address}.") from error
    return User(row.id, address, name, role, active=True)


def get(user_id: int) -> User | None:
    return next(_matching(_User.id == user_id), None)


def existing(user_id: int) -> User:
    """Raise MissingError if there is none."""
    return existing_or_raise(get(user_id), "user")


def find_by_email(email: str) -> User | None:
    """Return the user with that e-mail address, ignoring case, or None."""
    return next(_matching(is_called(email)), None)


def all_users() -> list[User]:
    """Return all users, by e-mail address."""
    return list(_matching(_User.id > 0))


def are_several() -> bool:
    return _User.select().count() > 1


def created_at(user_id: int) -> datetime:
    return _User.get_by_id(user_id).created_at


def last_seen() -> dict[int, datetime]:
    """Return when each user was last seen, by user id; users who never signed in are missing."""
    login = tables.LoginModel
    latest = fn.MAX(login.last_seen_at).converter(login.last_seen_at.python_value)
    rows: Any = login.select(login.user, latest).group_by(login.user).tuples()
    return dict(rows)


def password_hash_of(user_id: int) -> str:
    """Return the hash of the user's password, HASH_OF_NONE if none was chosen."""
    return _User.get_by_id(user_id).password_hash


def has_password(user_id: int) -> bool:
    """Return whether the user has chosen a password; invited users have not yet."""
    return password_hash_of(user_id) != HASH_OF_NONE


def set_password_hash(user_id: int, password_hash: str) -> None:
    """Set the password hash; the user's sessions stay valid until they are revoked."""
    _User.update(password_hash=password_hash).where(_User.id == user_id).execute()


def find_by_subject(issuer: str, subject: str) -> User | None:
    """Return the user whose account at the provider this is, or None."""
    return next(_matching((_User.oidc_issuer == issuer) & (_User.oidc_subject == subject)), None)


def provider_account_of(user_id: int) -> tuple[str, str] | None:
    """Return issuer and subject of the user's account at a provider, or None."""
    row = _User.get_by_id(user_id)
    return (row.oidc_issuer, row.oidc_subject) if row.oidc_issuer and row.oidc_subject else None


def has_account_at(user_id: int, issuer: str) -> bool:
    """Return whether the provider of that issuer signs the user in."""
    account = provider_account_of(user_id)
    return account is not None and account[0] == issuer


def set_provider_account(user_id: int, account: tuple[str, str] | None) -> None:
    """Set issuer and subject of the user's account at a provider."""
    issuer, subject = account or (None, None)
    _User.update(oidc_issuer=issuer, oidc_subject=subject).where(_User.id == user_id).execute()


def set_facts(user_id: int, name: str, role: Role) -> None:
    """Set the user's name and role; takes effect with the next request."""
    _User.update(name=name, role=role.value).where(_User.id == user_id).execute()


def set_active(user_id: int, *, active: bool) -> None:
    """Allow or block the user's sign-in; takes effect with the next request."""
    _User.update(active=active).where(_User.id == user_id).execute()


def set_scope(user_id: int, scope: Scope) -> None:
    """Replace the user's scope; takes effect with the next request."""
    with transaction():
        _User.update(is_scoped=not scope.is_everything).where(_User.id == user_id).execute()
        _Scope.delete().where(_Scope.user == user_id).execute()
        for customer_id in sorted(scope.customers):
            _Scope.create(user=user_id, customer=customer_id)
        for ledger in sorted(scope.ledgers):
            _Scope.create(user=user_id, ledger=ledger)


def is_called(email: str) -> Any:
    """Select the user with that e-mail address, ignoring case."""
    return _User.email == _as_compared(email)


def from_rows(rows: Iterable[tuple[Any, ...]]) -> User:
    """Return the user from all rows of COLUMNS for one user, at least one."""
    own_rows = list(rows)
    user_id, email, name, role, active, is_scoped, has_totp, has_passkey, *_ = own_rows[0]
    scope = scope_in(own_rows) if is_scoped else EVERYTHING
    return User(user_id, email, name, Role(role), active, scope, bool(has_totp), bool(has_passkey))


def scope_in(rows: Iterable[tuple[Any, ...]]) -> Scope:
    """Return the scope of rows that end with the id of a customer and a ledger, each None if the row has the other."""
    *_, customers, ledgers = zip(*rows, strict=True)
    return Scope(frozenset(customers) - {None}, frozenset(ledgers) - {None})


def _matching(which: Any) -> Iterator[User]:
    rows: Any = _User.select(*COLUMNS).join(_Scope, JOIN.LEFT_OUTER).where(which)
    for _, own in groupby(rows.order_by(_User.email).tuples(), key=itemgetter(0)):
        yield from_rows(own)


def _as_compared(email: str) -> str:
    return email.strip().lower()
