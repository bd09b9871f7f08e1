"""Session tokens: signed references to a login in a browser's cookie; other purposes have tokens of their own type."""

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
_TOKENS_CACHED = 256
_JWT = jwt.PyJWT({"enforce_minimum_key_length": True})
# Times are compared with the given `now`; PyJWT would use its own clock.
_CHECKS: Any = {"require": _CLAIMS, "verify_exp": False, "verify_nbf": False, "verify_iat": False}


@dataclass(frozen=True, slots=True)
class TokenClaims:
    """The claims of a token: the id of the login, and the user."""

    jti: str
    user_id: int


@dataclass(frozen=True, slots=True)
class SessionTokens:
    """Issues and reads tokens, with keys by id: the first one signs, all are accepted."""

    keys: dict[str, bytes]
    purpose: str = "session"

    @classmethod
    def signed_with(cls, *secret_keys: str, purpose: str = "session") -> "SessionTokens":
        """Return an instance that signs with the first secret key; tokens of the others are still accepted."""
        keys = derived_all(secret_keys, purpose)
        return cls({hashlib.sha256(key).hexdigest()[:8]: key for key in keys}, purpose)

    def issue(self, reference: TokenClaims, now: datetime, expires_at: datetime) -> str:
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
        """Return the claims of the token; None if it is forged, malformed, not valid yet, or expired."""
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


@lru_cache(maxsize=_TOKENS_CACHED)
def _verified(token: str, kind: str, keys: tuple[tuple[str, bytes], ...]) -> _Claims:
    """Return the claims of a valid token; cached, as a browser sends the same one with each request."""
    header = jwt.get_unverified_header(token)
    if header.get("typ") != kind:
        raise jwt.InvalidTokenError("It is of another type.")
    key = dict(keys)[str(header.get("kid"))]
    claims = _JWT.decode(token, key, algorithms=[_ALGORITHM], issuer=_ISSUER, audience=_AUDIENCE, options=_CHECKS)
    begin_at = max(int(claims["nbf"]), int(claims["iat"])) - _LEEWAY_SECONDS
    end_at = int(claims["exp"]) + _LEEWAY_SECONDS
    return _Claims(TokenClaims(claims["jti"], int(claims["sub"])), begin_at, end_at)
