"""Signing keys, one for each purpose, derived from the secret key, so that signatures cannot be reused elsewhere."""

import hashlib
import hmac
from collections.abc import Sequence


def derived_all(secret_keys: Sequence[str], purpose: str) -> tuple[bytes, ...]:
    """Return one key for each secret: the first one signs, signatures of all are accepted."""
    return tuple(derived(secret_key, purpose) for secret_key in secret_keys)


def derived(secret_key: str, purpose: str) -> bytes:
    return hmac.digest(secret_key.encode(), f"invoices/{purpose}".encode(), hashlib.sha256)


def signature(key: bytes, text: str) -> str:
    return hmac.digest(key, text.encode(), hashlib.sha256).hex()


def is_signature(keys: Sequence[bytes], text: str, claimed: str) -> bool:
    """Compare in constant time."""
    return any(hmac.compare_digest(signature(key, text).encode(), claimed.encode()) for key in keys)
