"""Keys: one for each purpose, derived from the secret key, so that no signature is ever good for another use."""

import hashlib
import hmac


def derived(secret_key: str, purpose: str) -> bytes:
    """Return the 256-bit key for the purpose."""
    return hmac.digest(secret_key.encode(), f"invoices/{purpose}".encode(), hashlib.sha256)


def signature(key: bytes, text: str) -> str:
    """Return what proves that the text was written by a holder of the key."""
    return hmac.digest(key, text.encode(), hashlib.sha256).hex()


def is_signature(key: bytes, text: str, claimed: str) -> bool:
    """Tell whether the signature is the one of the text, in a time that does not depend on how wrong it is."""
    return hmac.compare_digest(signature(key, text).encode(), claimed.encode())
