"""Passwords: hashed with Argon2id, compared in the same time whether or not the user exists."""

import re
import secrets
from functools import cache
from threading import BoundedSemaphore
from typing import Final

from argon2 import Parameters, PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import ARGON2_VERSION, Type

from app.domain.sentences import count_text

MINIMUM_LENGTH = 12
LONGEST = 1_000

# OWASP asks for three passes over 12 MiB at least.
PARAMETERS: Final = Parameters(
    type=Type.ID, version=ARGON2_VERSION, salt_len=16, hash_len=32, time_cost=3, memory_cost=65_536, parallelism=4
)

_HASHER = PasswordHasher.from_parameters(PARAMETERS)
# A hash takes 64 MiB: a burst of sign-ins must wait in line, not exhaust the machine.
_TWO_AT_ONCE = BoundedSemaphore(2)
_HASH_OF_NOBODY = _HASHER.hash(secrets.token_urlsafe(24))

_OURS = ("invoices", "invoice", "receivables", "dashboard")
_SHORTEST_WORD = 4
_LEAST_BESIDE_WORDS = 8
_LEAST_SIGNS = 5


def hash_password(password: str, *known_of_the_user: str) -> str:
    """Return what may be stored; raises ValueError with one sentence that says why the password will not do.

    What is known of the user, the e-mail address and the name, makes no password.
    """
    if len(password) < MINIMUM_LENGTH:
        raise ValueError(f"A password must have at least {MINIMUM_LENGTH} characters.")
    if len(password) > LONGEST:
        raise ValueError(f"A password must have at most {count_text(LONGEST)} characters.")
    if password.casefold() in _common() or len(set(password)) < _LEAST_SIGNS:
        raise ValueError("This password is one of those that are guessed first: please choose another.")
    if len(_beside(password, [*_OURS, *_words(known_of_the_user)])) < _LEAST_BESIDE_WORDS:
        raise ValueError("This password is little more than your name, your e-mail address or the name of this site.")
    return rehash(password)


@cache
def _common() -> frozenset[str]:
    """Return the passwords that are guessed first and would be long enough."""
    # 12 MB, which no process holds in which nobody ever chooses a password.
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # noqa: PLC0415

    return frozenset(password for password in FREQUENCY_LISTS["passwords"] if len(password) >= MINIMUM_LENGTH)


def rehash(password: str) -> str:
    """Return the hash of a password that was accepted before, whatever is asked of new ones."""
    with _TWO_AT_ONCE:
        return _HASHER.hash(password)


def verify(password_hash: str | None, password: str) -> bool:
    """Tell whether the password is right; for nobody's hash (None), or none at all, it is wrong after the same work."""
    is_possible = password_hash and password_hash.startswith("$argon2") and len(password) <= LONGEST
    known = password_hash if is_possible else None
    try:
        with _TWO_AT_ONCE:
            _HASHER.verify(known or _HASH_OF_NOBODY, password[:LONGEST])
    except (VerificationError, InvalidHashError):
        return False
    return known is not None


def needs_rehash(password_hash: str) -> bool:
    """Tell whether the hash was made with other parameters than those of today."""
    return _HASHER.check_needs_rehash(password_hash)


def new_password() -> str:
    """Return a random password to be handed over once."""
    return secrets.token_urlsafe(15)


def _words(texts: tuple[str, ...]) -> list[str]:
    known = (text.casefold() for text in texts)
    return [
        word
        for text in known
        for word in [text, *text.split("@"), *re.split(r"\W+", text)]
        if len(word) >= _SHORTEST_WORD
    ]


def _beside(password: str, words: list[str]) -> str:
    """Return what is left of the password without the words, the longest of them taken out first."""
    rest = password.casefold()
    for word in sorted(words, key=len, reverse=True):
        rest = rest.replace(word, "")
    return rest
