"""Hashes of random secrets: tokens, links and recovery codes are stored only as these."""

import hashlib


def hash_of(secret: str) -> str:
    """Return the SHA-256 of a secret that is too random to be guessed, in hexadecimal; passwords need Argon2id."""
    return hashlib.sha256(secret.encode()).hexdigest()
