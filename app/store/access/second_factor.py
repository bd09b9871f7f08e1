"""Second factors: TOTP secrets, and the recovery codes for a lost authenticator app."""

from collections.abc import Iterable
from typing import Any

from app.store.access.hashes import hash_of
from app.store.db.tables import RecoveryCodeModel
from app.store.db.tables import UserModel as UserRow


def enabled_users() -> set[int]:
    rows: Any = UserRow.select(UserRow.id).where(UserRow.totp_secret.is_null(is_null=False))
    return {user_id for (user_id,) in rows.tuples()}


def secret_of(user_id: int) -> str | None:
    return UserRow.get_by_id(user_id).totp_secret


def set_secret(user_id: int, secret: str | None, step: int | None) -> None:
    """Set the secret, or remove it; `step` is the TOTP time step used to confirm it."""
    UserRow.update(totp_secret=secret, totp_step=step).where(UserRow.id == user_id).execute()


def accept_step(user_id: int, step: int) -> bool:
    """Mark the TOTP time step as used; return False if it or a later one was used before."""
    is_newer = UserRow.totp_step.is_null() | (UserRow.totp_step < step)
    return UserRow.update(totp_step=step).where(UserRow.id == user_id, is_newer).execute() == 1


def replace_recovery_codes(user_id: int, recovery_codes: Iterable[str]) -> None:
    RecoveryCodeModel.delete().where(RecoveryCodeModel.user == user_id).execute()
    for code in recovery_codes:
        RecoveryCodeModel.create(user=user_id, code_hash=hash_of(code))


def accept_recovery_code(user_id: int, code: str) -> bool:
    is_match = (RecoveryCodeModel.user == user_id) & (RecoveryCodeModel.code_hash == hash_of(code))
    return RecoveryCodeModel.delete().where(is_match).execute() == 1


def recovery_codes_left(user_id: int) -> int:
    return RecoveryCodeModel.select().where(RecoveryCodeModel.user == user_id).count()
