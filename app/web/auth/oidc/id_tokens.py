"""Verify ID tokens: signature, issuer, audience, times, nonce, and who vouches for the e-mail address."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import ExpiredTokenError, InvalidClaimError, InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from app.web.auth.oidc.errors import ProviderError
from app.web.auth.oidc.identity import LEEWAY_SECONDS, Identity

# Only those with a public key: neither "none" nor an HMAC, whose key would be a text that others know as well.
ALGORITHMS: Final = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519"]

_KEY_TYPES = {"RSA", "EC", "OKP"}
_LONGEST_SUBJECT = 255  # OpenID Connect Core, section 2
_TRUE: tuple[object, ...] = (True, "1", "true")


class UnknownKeyError(Exception):
    """The token names a key that is not among those that are known: the provider may have new ones."""


@dataclass(frozen=True, slots=True)
class ExpectedToken:
    """What the token must say; `nonce` is None where the token comes by a refresh token."""

    issuer: str
    client_id: str
    name: str
    nonce: str | None = None
    access_token: str = ""


def signing_keys(document: Mapping[str, Any]) -> KeySet:
    """Return the public keys that sign; raises ValueError where there are none."""
    keys = [key for key in document["keys"] if key.get("kty") in _KEY_TYPES and key.get("use") != "enc"]
    if not keys:
        raise ValueError("There is no public key that signs.")
    return KeySet.import_key_set({"keys": keys})


def verified(token: str, keys: KeySet, expected: ExpectedToken, now: datetime) -> Identity:
    """Raise ProviderError, or UnknownKeyError where other keys may help."""
    try:
        decoded = jwt.decode(token, keys, algorithms=ALGORITHMS)
        claims = CodeIDToken(
            decoded.claims,
            decoded.header,
            {
                "iss": {"essential": True, "value": expected.issuer},
                "aud": {"essential": True, "value": expected.client_id},
            },
            {"client_id": expected.client_id, "nonce": expected.nonce, "access_token": expected.access_token},
        )
        claims.validate(int(now.timestamp()), LEEWAY_SECONDS)
    except InvalidKeyIdError as error:
        raise UnknownKeyError from error
    except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise _refusal(error, expected.name) from error
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST_SUBJECT:
        raise _untrusted(expected.name, "its subject is no text of 1 to 255 characters")
    return _identity(claims, expected.issuer, subject)


def _identity(claims: Mapping[str, Any], issuer: str, subject: str) -> Identity:
    claimed = claims.get("email")
    email = claimed if isinstance(claimed, str) else ""
    at = claims.get("auth_time")
    moment = int(at) if isinstance(at, int | float) and not isinstance(at, bool) else None
    return Identity(issuer, subject, email if _vouches_for_email(claims, issuer) else "", email, moment)


def _vouches_for_email(claims: Mapping[str, Any], issuer: str) -> bool:
    """Return whether the provider says that the address is the user's.

    Entra has no `email_verified`, but the optional claim `xms_edov`: the owner of the address's domain was verified.
    Google verified an address of another domain only once, when the account was made, unless `hd` names a firm.
    """
    host = urlsplit(issuer).hostname
    is_verified = claims.get("email_verified") in (True, "true")  # Cognito behind SAML says it as a text
    if host == "login.microsoftonline.com":
        return is_verified or claims.get("xms_edov") in _TRUE
    if host == "accounts.google.com":
        return is_verified and bool(claims.get("hd") or str(claims.get("email", "")).lower().endswith("@gmail.com"))
    return is_verified


def _refusal(error: Exception, name: str) -> ProviderError:
    is_about_time = isinstance(error, InvalidClaimError) and error.claim in {"iat", "nbf"}
    if not isinstance(error, ExpiredTokenError) and not is_about_time:
        return _untrusted(name, f"{type(error).__name__}: {error}")
    return ProviderError(
        f"{name} and this server disagree about the time: please try again, and tell an admin if it happens again.",
        f"the ID token is not valid at this time ({error})",
    )


def _untrusted(name: str, reason: str) -> ProviderError:
    return ProviderError(
        f"The answer of {name} could not be trusted, so you were not signed in: please tell an admin.",
        f"the ID token was refused: {reason}",
    )
