"""One-time codes: TOTP codes of an authenticator app, and recovery codes."""

import base64
import secrets
from typing import Final

import pyotp
import segno

from app.web.http.signing import signature

RECOVERY_CODES: Final = 10

_SECRET_BYTES = 20  # as RFC 4226 recommends: 160 bits
_RECOVERY_BYTES = 15  # 120 bits, 24 characters without padding
_ISSUER = "Receivables"


def offered_secret(key: bytes, jti: str) -> str:
    """Return the secret offered to a login for enrolment; it is derived from the login's id and not stored."""
    return base64.b32encode(bytes.fromhex(signature(key, jti))[:_SECRET_BYTES]).decode()


def new_recovery_codes() -> list[str]:
    """Return a new set of recovery codes in stored form; use `grouped` to display them."""
    made = (secrets.token_bytes(_RECOVERY_BYTES) for _ in range(RECOVERY_CODES))
    return [base64.b32encode(code).decode() for code in made]


def grouped(code: str) -> str:
    return " ".join(code[start : start + 4] for start in range(0, len(code), 4))


def picture(secret: str, email: str) -> str:
    """Return a data URI of a QR code, from which an app reads the secret."""
    uri = pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=_ISSUER)
    return str(segno.make_qr(uri).svg_data_uri(scale=5, light="white"))
