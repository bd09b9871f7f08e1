"""The relying party of WebAuthn: what browsers are asked to sign with a passkey, and what is accepted of it.

https://www.w3.org/TR/webauthn-3/#sctn-rp-operations
"""

import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from ipaddress import ip_address
from types import ModuleType
from typing import Any, Self
from urllib.parse import urlsplit

from jwt.utils import base64url_decode, base64url_encode

from app.store.access.passkeys import NewPasskey, Passkey
from app.web.http.signing import derived_all

CHALLENGE_LASTS = timedelta(minutes=5)

_LONGEST_CREDENTIAL_ID = 1023  # bytes, as WebAuthn says
_MICROSECOND = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOMENT_BYTES, _RANDOM_BYTES = 8, 16
_LARGEST = 20_000  # characters of what a browser sends


class Ceremony(StrEnum):
    REGISTER = "register"
    SIGN_IN = "sign in"
    STEP_UP = "step up"


class PasskeyRefusedError(Exception):
    """What the browser sent is not accepted; the message says why, for the audit and the log."""


class ChallengeExpiredError(PasskeyRefusedError):
    """The challenge is ours, but too old."""


@dataclass(frozen=True, slots=True)
class Use:
    """A signature that is right; `challenged_at` is when its challenge was made."""

    sign_count: int
    challenged_at: datetime


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """Challenges are signed, not stored: each is bound to a ceremony, a browser's secret, and when it was made."""

    origin: str
    host: str
    keys: tuple[bytes, ...]

    @classmethod
    def at(cls, public_url: str, secret_keys: Sequence[str]) -> Self:
        site = urlsplit(public_url)
        port = "" if site.port in {None, {"http": 80, "https": 443}[site.scheme]} else f":{site.port}"
        host = site.hostname or ""
        return cls(f"{site.scheme}://{host}{port}", host, derived_all(secret_keys, "passkey challenge"))

    @property
    def is_possible(self) -> bool:
        """Return whether browsers allow passkeys at this address: HTTPS or localhost, and no IP address."""
        return self.host == "localhost" or (self.origin.startswith("https:") and not _is_ip_address(self.host))

    def first_handle(self, user_id: int) -> str:
        """Return the user handle, in base64url, for the user's first passkey; later ones have that of the first."""
        return _text_of(hmac.digest(self.keys[0], f"user handle\n{user_id}".encode(), hashlib.sha256))

    def creation_options(
        self, email: str, name: str, handle: str, known: Iterable[Passkey], secret: str, now: datetime
    ) -> str:
        """Return JSON for `navigator.credentials.create`."""
        webauthn = _library()
        structs = webauthn.helpers.structs
        options = webauthn.generate_registration_options(
            rp_id=self.host,
            rp_name=self.host,
            user_id=base64url_decode(handle),
            user_name=email,
            user_display_name=name or email,
            challenge=self._challenge(Ceremony.REGISTER, secret, now),
            timeout=_milliseconds(CHALLENGE_LASTS),
            authenticator_selection=structs.AuthenticatorSelectionCriteria(
                resident_key=structs.ResidentKeyRequirement.REQUIRED,
                user_verification=structs.UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=_descriptors(known),
        )
        return str(webauthn.options_to_json(options))

    def request_options(self, ceremony: Ceremony, allowed: Iterable[Passkey], secret: str, now: datetime) -> str:
        """Return JSON for `navigator.credentials.get`; without `allowed`, any passkey of this site will do."""
        webauthn = _library()
        options = webauthn.generate_authentication_options(
            rp_id=self.host,
            challenge=self._challenge(ceremony, secret, now),
            timeout=_milliseconds(CHALLENGE_LASTS),
            allow_credentials=_descriptors(allowed),
            user_verification=webauthn.helpers.structs.UserVerificationRequirement.REQUIRED,
        )
        return str(webauthn.options_to_json(options))

    def registered(self, sent: str, name: str, handle: str, secret: str, now: datetime) -> NewPasskey:
        """Return the passkey that the browser made; raises PasskeyRefusedError."""
        credential, client_data = _parsed(sent)
        challenge = _challenge_in(client_data)
        made_at = self._made_at(challenge, Ceremony.REGISTER, secret, now)
        try:
            verified = _library().verify_registration_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=self.host,
                expected_origin=self.origin,
                require_user_verification=True,
            )
        except Exception as error:  # the library raises many kinds for what it cannot read
            raise PasskeyRefusedError(str(error)) from error
        if len(verified.credential_id) > _LONGEST_CREDENTIAL_ID:
            raise PasskeyRefusedError("its id is too long")
        return NewPasskey(
            name=name,
            credential_id=_text_of(verified.credential_id),
            public_key=_text_of(verified.credential_public_key),
            user_handle=handle,
            sign_count=verified.sign_count,
            challenged_at=made_at,
        )

    def used(self, sent: str, passkey: Passkey, ceremony: Ceremony, secret: str, now: datetime) -> Use:
        """Return the use of the passkey that the browser signed; raises PasskeyRefusedError."""
        credential, client_data = _parsed(sent)
        challenge = _challenge_in(client_data)
        made_at = self._made_at(challenge, ceremony, secret, now)
        if credential["response"].get("userHandle") not in _handles(passkey, ceremony):
            raise PasskeyRefusedError("it is of another user")
        try:
            verified = _library().verify_authentication_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=self.host,
                expected_origin=self.origin,
                credential_public_key=base64url_decode(passkey.public_key),
                credential_current_sign_count=0,  # compared below: the library does so before it knows the signature
                require_user_verification=True,
            )
        except Exception as error:  # the library raises many kinds for what it cannot read
            raise PasskeyRefusedError(str(error)) from error
        if (verified.new_sign_count or passkey.sign_count) and verified.new_sign_count <= passkey.sign_count:
            raise PasskeyRefusedError("the passkey's counter went back: it may have been copied")
        return Use(verified.new_sign_count, made_at)

    def _challenge(self, ceremony: Ceremony, secret: str, now: datetime) -> bytes:
        made = ((now - _EPOCH) // _MICROSECOND).to_bytes(_MOMENT_BYTES) + secrets.token_bytes(_RANDOM_BYTES)
        return made + _seal(self.keys[0], ceremony, secret, made)

    def _made_at(self, challenge: bytes, ceremony: Ceremony, secret: str, now: datetime) -> datetime:
        """Return when the challenge was made; raises PasskeyRefusedError."""
        made, seal = challenge[: _MOMENT_BYTES + _RANDOM_BYTES], challenge[_MOMENT_BYTES + _RANDOM_BYTES :]
        seals = [_seal(key, ceremony, secret, made) for key in self.keys]
        if not secret or not any(hmac.compare_digest(seal, ours) for ours in seals):
            raise PasskeyRefusedError("the challenge was not made for this browser")
        made_at = _EPOCH + int.from_bytes(made[:_MOMENT_BYTES]) * _MICROSECOND
        if now >= made_at + CHALLENGE_LASTS:
            raise ChallengeExpiredError("the challenge is too old")
        return made_at


def credential_id_in(sent: str) -> str:
    """Return the id that a browser claims to have used; raises PasskeyRefusedError."""
    return str(_parsed(sent)[0]["id"])


def _parsed(sent: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the credential and its client data; raises PasskeyRefusedError if either cannot be read."""
    try:
        credential: Any = json.loads(sent[:_LARGEST])
        client_data: Any = json.loads(base64url_decode(credential["response"]["clientDataJSON"]))
        client_data.keys(), credential["id"]  # asks whether both are objects that have them
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise PasskeyRefusedError("it could not be read") from error
    return credential, client_data


def _challenge_in(client_data: dict[str, Any]) -> bytes:
    """Return the challenge that the page itself gave; the library accepts frames of other sites too."""
    if client_data.get("crossOrigin") or "topOrigin" in client_data:
        raise PasskeyRefusedError("it was used in a frame of another site")
    try:
        return base64url_decode(client_data["challenge"])
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise PasskeyRefusedError("it has no challenge") from error


def _handles(passkey: Passkey, ceremony: Ceremony) -> tuple[str | None, ...]:
    """Signing in must name the user; in a step-up the session does, and authenticators may leave it out."""
    return (passkey.user_handle,) if ceremony is Ceremony.SIGN_IN else (passkey.user_handle, None)


def _seal(key: bytes, ceremony: Ceremony, secret: str, made: bytes) -> bytes:
    return hmac.digest(key, f"{ceremony}\n{secret}\n".encode() + made, hashlib.sha256)


def _descriptors(passkeys: Iterable[Passkey]) -> list[Any]:
    descriptor = _library().helpers.structs.PublicKeyCredentialDescriptor
    return [descriptor(id=base64url_decode(passkey.credential_id)) for passkey in passkeys]


def _library() -> ModuleType:
    """Load the library once a passkey is asked for."""
    import webauthn  # noqa: PLC0415  # 8 MB that each process saves until then

    return webauthn


def _text_of(content: bytes) -> str:
    return base64url_encode(content).decode()


def _is_ip_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _milliseconds(lasting: timedelta) -> int:
    return int(lasting.total_seconds() * 1000)
