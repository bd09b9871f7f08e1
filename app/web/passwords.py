"""Passwords: hashed with Argon2id, compared in the same time whether or not the user exists."""

import secrets
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MINIMUM_LENGTH = 12

_HASHER = PasswordHasher()
# A hash takes 64 MiB: a burst of sign-ins must wait in line, not exhaust the machine.
_TWO_AT_ONCE = BoundedSemaphore(2)
_HASH_OF_NOBODY = _HASHER.hash(secrets.token_urlsafe(24))


def hash_password(password: str) -> str:
    """Return what may be stored; raises ValueError with one sentence when the password is too short."""
    if len(password) < MINIMUM_LENGTH:
        raise ValueError(f"A password must have at least {MINIMUM_LENGTH} characters.")
    return rehash(password)


def rehash(password: str) -> str:
    """Return the hash of a password that was accepted before, whatever is asked of new ones."""
    with _TWO_AT_ONCE:
        return _HASHER.hash(password)


def verify(password_hash: str | None, password: str) -> bool:
    """Tell whether the password is right; for nobody's hash (None) it is wrong, after the same work."""
    try:
        with _TWO_AT_ONCE:
            _HASHER.verify(password_hash or _HASH_OF_NOBODY, password)
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


def needs_rehash(password_hash: str) -> bool:
    """Tell whether the hash was made with other parameters than those of today."""
    return _HASHER.check_needs_rehash(password_hash)


def new_password() -> str:
    """Return a random password to be handed over once."""
    return secrets.token_urlsafe(15)
