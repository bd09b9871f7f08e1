"""Bcrypt hashes, which n8n asks for, made by the system's libcrypt: a library for one hash would be too large."""

import ctypes
import hmac
import secrets
from functools import cache

_PREFIX, _ROUNDS, _RANDOM_BYTES = b"$2b$", 10, 16
_MOST_BYTES = 72  # bcrypt ignores what comes after


def hashed(password: str) -> str:
    """Raise ValueError for a password that bcrypt would not take as a whole."""
    if len(password.encode()) > _MOST_BYTES:
        raise ValueError(f"bcrypt takes at most {_MOST_BYTES} bytes")
    salt = _libcrypt().crypt_gensalt(_PREFIX, _ROUNDS, secrets.token_bytes(_RANDOM_BYTES), _RANDOM_BYTES)
    return _crypt(password, salt or b"")


def matches(password: str, hash_text: str) -> bool:
    return hash_text.startswith(_PREFIX.decode()) and hmac.compare_digest(
        _crypt(password, hash_text.encode()), hash_text
    )


def _crypt(password: str, setting: bytes) -> str:
    made = _libcrypt().crypt(password.encode(), setting)
    if not made or not made.startswith(_PREFIX):
        raise OSError("libcrypt makes no bcrypt hashes on this machine: it takes libxcrypt, as Debian has it.")
    return str(made.decode("ascii"))


@cache
def _libcrypt() -> ctypes.CDLL:
    library = ctypes.CDLL("libcrypt.so.1")
    library.crypt_gensalt.restype = library.crypt.restype = ctypes.c_char_p
    library.crypt_gensalt.argtypes = (ctypes.c_char_p, ctypes.c_ulong, ctypes.c_char_p, ctypes.c_int)
    library.crypt.argtypes = (ctypes.c_char_p, ctypes.c_char_p)
    return library
