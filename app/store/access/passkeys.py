"""Passkeys: public keys whose private halves stay with the user; a removed one stays as a row that no longer counts."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from peewee import IntegrityError, fn

from app.store.db.missing_records import existing_or_raise
from app.store.db.tables import PasskeyModel
from app.store.db.transactions import transaction

_COLUMNS = (
    PasskeyModel.id,
    PasskeyModel.user,
    PasskeyModel.name,
    PasskeyModel.credential_id,
    PasskeyModel.public_key,
    PasskeyModel.user_handle,
    PasskeyModel.sign_count,
    PasskeyModel.created_at,
    PasskeyModel.challenged_at,
    PasskeyModel.last_used_at,
)


class PasskeyTakenError(Exception):
    """The passkey is registered already, by this user or another; the message is one sentence."""

    def __init__(self) -> None:
        super().__init__("This passkey is registered already: use another device or password manager.")


@dataclass(frozen=True, slots=True)
class NewPasskey:
    """`credential_id`, `public_key` and `user_handle` are base64url."""

    name: str
    credential_id: str
    public_key: str
    user_handle: str
    sign_count: int
    challenged_at: datetime


@dataclass(frozen=True, slots=True)
class Passkey:
    id: int
    user_id: int
    name: str
    credential_id: str
    public_key: str
    user_handle: str
    sign_count: int
    created_at: datetime
    challenged_at: datetime
    last_used_at: datetime | None


def add(user_id: int, new: NewPasskey, now: datetime) -> int:
    """Store the passkey and return its number; raises PasskeyTakenError, also for one that was removed."""
    try:
        with transaction():
            row = PasskeyModel.create(
                user=user_id,
                name=new.name,
                credential_id=new.credential_id,
                public_key=new.public_key,
                user_handle=new.user_handle,
                sign_count=new.sign_count,
                created_at=now,
                challenged_at=new.challenged_at,
            )
    except IntegrityError as error:
        raise PasskeyTakenError from error
    return int(row.id)


def of_user(user_id: int) -> list[Passkey]:
    """Return the user's passkeys that count, the oldest first."""
    return _matching(PasskeyModel.user == user_id)


def existing(user_id: int, passkey_id: int) -> Passkey:
    """Raise MissingError if the user has no such passkey."""
    which = (PasskeyModel.user == user_id) & (PasskeyModel.id == passkey_id)
    return existing_or_raise(next(iter(_matching(which)), None), "passkey")


def find(credential_id: str) -> Passkey | None:
    """Return the passkey that counts, or None if it is unknown or was removed."""
    return next(iter(_matching(PasskeyModel.credential_id == credential_id)), None)


def user_handle_of(user_id: int) -> str:
    """Return the handle under which authenticators keep the user's passkeys; empty before the first one."""
    handle = PasskeyModel.select(fn.MAX(PasskeyModel.user_handle)).where(PasskeyModel.user == user_id).scalar()
    return str(handle or "")


def use(passkey_id: int, sign_count: int, challenged_at: datetime, now: datetime) -> bool:
    """Note the use; return False if it was removed, or this challenge or a later one was signed before."""
    is_new = (PasskeyModel.id == passkey_id) & (PasskeyModel.challenged_at < challenged_at)
    changed = PasskeyModel.update(sign_count=sign_count, challenged_at=challenged_at, last_used_at=now)
    return changed.where(is_new, PasskeyModel.revoked_at.is_null()).execute() == 1


def revoke(passkey_id: int, now: datetime) -> bool:
    """Return whether it counted until now."""
    return _revoke(PasskeyModel.id == passkey_id, now) == 1


def revoke_all_of(user_id: int, now: datetime) -> int:
    """Return how many were removed."""
    return _revoke(PasskeyModel.user == user_id, now)


def _matching(which: Any) -> list[Passkey]:
    rows: Any = PasskeyModel.select(*_COLUMNS).where(which, PasskeyModel.revoked_at.is_null())
    return [Passkey(*row) for row in rows.order_by(PasskeyModel.id).tuples()]


def _revoke(which: Any, now: datetime) -> int:
    changed: int = PasskeyModel.update(revoked_at=now).where(which, PasskeyModel.revoked_at.is_null()).execute()
    return changed
