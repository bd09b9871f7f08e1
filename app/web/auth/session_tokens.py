"""Session tokens: the signed reference to a login that a browser keeps in its cookie, and others of their own types."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import jwt

from app.web.http.signing import derived_all

_ALGORITHM = "HS256"
_ISSUER = _AUDIENCE = "invoices"
_CLAIMS = ["iss", "aud", "sub", "jti", "iat", "nbf", "exp"]
_LEEWAY_SECONDS = 5
_MOST_VERIFIED = 256
_JWT = jwt.PyJWT({"enforce_minimum_key_length": True})
# The moments are compared with the clock that we are handed; PyJWT would read one of its own.
_CHECKS: Any = {"require": _CLAIMS, "verify_exp": False, "verify_nbf": False, "verify_iat": False}


@dataclass(frozen=True, slots=True)
class TokenClaims:
    """What a token says: which login, of which user."""

    jti: str
    user_id: int


@dataclass(frozen=True, slots=True)
class SessionTokens:
    """Writes and reads tokens with keys by name: the first signs, all of them are accepted."""

    keys: dict[str, bytes]
    purpose: str = "session"

    @classmethod
    def signed_with(cls, *secret_keys: str, purpose: str = "session") -> "SessionTokens":
        """Return tokens signed with the first secret key; those of the others are still accepted."""
        keys = derived_all(secret_keys, purpose)
        return cls({hashlib.sha256(key).hexdigest()[:8]: key for key in keys}, purpose)

    def issue(self, reference: TokenClaims, now: datetime, expires_at: datetime) -> str:
        """Return a token for the login, good until it expires."""
        kid, key = next(iter(self.keys.items()))
        issued = int(now.timestamp())
        claims = {
            "iss": _ISSUER,
            "aud": _AUDIENCE,
            "sub": str(reference.user_id),
            "jti": reference.jti,
            "iat": issued,
            "nbf": issued,
            "exp": int(expires_at.timestamp()),
        }
        return _JWT.encode(claims, key, _ALGORITHM, headers={"typ": _type(self.purpose), "kid": kid})

    def read(self, token: str, now: datetime) -> TokenClaims | None:
        """Return what the token says, None for one that is not ours, not yet or no longer good."""
        try:
            claims = _verified(token, _type(self.purpose), tuple(self.keys.items()))
        except (jwt.InvalidTokenError, KeyError, ValueError):
            return None
        return claims.reference if claims.begin_at <= now.timestamp() < claims.end_at else None


def _type(purpose: str) -> str:
    return f"{purpose}+jwt"


@dataclass(frozen=True, slots=True)
class _Claims:
    reference: TokenClaims
    begin_at: int
    end_at: int


@lru_cache(maxsize=_MOST_VERIFIED)
def _verified(token: str, kind: str, keys: tuple[tuple[str, bytes], ...]) -> _Claims:
    """Return what a token of ours says; a browser sends the same one with each request, so the latest are kept."""
    header = jwt.get_unverified_header(token)
    if header.get("typ") != kind:
        raise jwt.InvalidTokenError("It is of another type.")
    key = dict(keys)[str(header.get("kid"))]
    claims = _JWT.decode(token, key, algorithms=[_ALGORITHM], issuer=_ISSUER, audience=_AUDIENCE, options=_CHECKS)
    begin_at = max(int(claims["nbf"]), int(claims["iat"])) - _LEEWAY_SECONDS
    end_at = int(claims["exp"]) + _LEEWAY_SECONDS
    return _Claims(TokenClaims(claims["jti"], int(claims["sub"])), begin_at, end_at)
