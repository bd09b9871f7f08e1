"""Passwords: hashed with Argon2id, and verified in the same time whether or not the user exists."""

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

# OWASP requires at least three passes over 12 MiB.
PARAMETERS: Final = Parameters(
    type=Type.ID, version=ARGON2_VERSION, salt_len=16, hash_len=32, time_cost=3, memory_cost=65_536, parallelism=4
)

_HASHER = PasswordHasher.from_parameters(PARAMETERS)
# A hash takes 64 MiB: many sign-ins at once must queue, not exhaust the memory.
_TWO_AT_ONCE = BoundedSemaphore(2)
_DUMMY_HASH = _HASHER.hash(secrets.token_urlsafe(24))

_SITE_WORDS = ("invoices", "invoice", "receivables", "dashboard")
_SHORTEST_WORD = 4
_LEAST_WITHOUT_WORDS = 8
_LEAST_DISTINCT_CHARACTERS = 5


def hash_password(password: str, *known_of_the_user: str) -> str:
    """Return the hash of a new password; raises ValueError with one sentence if it is not acceptable.

    `known_of_the_user` (email address, name) does not count towards the strength of the password.
    """
    if len(password) < MINIMUM_LENGTH:
        raise ValueError(f"A password must have at least {MINIMUM_LENGTH} characters.")
    if len(password) > LONGEST:
        raise ValueError(f"A password must have at most {count_text(LONGEST)} characters.")
    if password.casefold() in _common() or len(set(password)) < _LEAST_DISTINCT_CHARACTERS:
        raise ValueError("This password is too common: please choose another.")
    if len(_without_words(password, [*_SITE_WORDS, *_words(known_of_the_user)])) < _LEAST_WITHOUT_WORDS:
        raise ValueError("This password is little more than your name, your e-mail address or the name of this site.")
    return rehash(password)


@cache
def _common() -> frozenset[str]:
    """Return the most common passwords that are long enough to be accepted."""
    # The list takes 12 MB: load it only in processes in which a password is chosen.
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # noqa: PLC0415  # as said above

    return frozenset(password for password in FREQUENCY_LISTS["passwords"] if len(password) >= MINIMUM_LENGTH)


def rehash(password: str) -> str:
    """Return the hash of a password that is accepted already, without checking the rules for new ones."""
    with _TWO_AT_ONCE:
        return _HASHER.hash(password)


def verify(password_hash: str | None, password: str) -> bool:
    """Return whether the password is right; without a hash to compare, return False after the same work."""
    is_possible = password_hash and password_hash.startswith("$argon2") and len(password) <= LONGEST
    known = password_hash if is_possible else None
    try:
        with _TWO_AT_ONCE:
            _HASHER.verify(known or _DUMMY_HASH, password[:LONGEST])
    except (VerificationError, InvalidHashError):
        return False
    return known is not None


def needs_rehash(password_hash: str) -> bool:
    return _HASHER.check_needs_rehash(password_hash)


def new_password() -> str:
    return secrets.token_urlsafe(15)


def _words(texts: tuple[str, ...]) -> list[str]:
    known = (text.casefold() for text in texts)
    return [
        word
        for text in known
        for word in [text, *text.split("@"), *re.split(r"\W+", text)]
        if len(word) >= _SHORTEST_WORD
    ]


def _without_words(password: str, words: list[str]) -> str:
    """Return the rest of the password without the words; the longest words are removed first."""
    rest = password.casefold()
    for word in sorted(words, key=len, reverse=True):
        rest = rest.replace(word, "")
    return rest
