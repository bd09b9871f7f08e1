"""A provider of OpenID Connect: its metadata, its keys, and the tokens that it gives for a code."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from app.settings import AppSettings
from app.web.auth.oidc.errors import ProviderAwayError, ProviderError, ProviderRefusedError
from app.web.auth.oidc.id_tokens import ExpectedToken, UnknownKeyError, signing_keys, verified
from app.web.auth.oidc.identity import CALLBACK, Identity, ProviderTokens

_TIMEOUT = (3, 5)  # seconds until connected, and until an answer begins
_METADATA_LASTS = timedelta(hours=1)
_KEYS_AGAIN = timedelta(minutes=1)  # so that made-up key ids do not become requests
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Fetched:
    metadata: Mapping[str, Any] = field(default_factory=dict)
    metadata_at: datetime | None = None
    keys: KeySet | None = None
    keys_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Provider:
    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    name: str
    public_url: str
    _fetched: _Fetched = field(default_factory=_Fetched, repr=False)

    @classmethod
    def of(cls, settings: AppSettings) -> Self:
        return cls(
            settings.oidc_issuer,
            settings.oidc_client_id,
            settings.oidc_client_secret,
            settings.oidc_name,
            settings.public_url,
        )

    @property
    def redirect_uri(self) -> str:
        return f"{self.public_url}{CALLBACK}"

    def authorization_url(self, state: str, nonce: str, verifier: str, now: datetime, *, again: bool = False) -> str:
        """Return where the browser is sent; `again` has the user sign in there although they are signed in already."""
        asked_again = {"prompt": "login", "max_age": "0"} if again else {}
        url, _ = self._session(now).create_authorization_url(
            self.metadata(now)["authorization_endpoint"],
            state=state,
            nonce=nonce,
            code_verifier=verifier,
            **asked_again,
        )
        return str(url)

    def tokens_for(self, code: str, verifier: str, now: datetime) -> ProviderTokens:
        """Raise ProviderRefusedError if the code does not count."""
        session, url = self._session(now), self.metadata(now)["token_endpoint"]
        return self._tokens(
            lambda: session.fetch_token(url, grant_type="authorization_code", code=code, code_verifier=verifier)
        )

    def refreshed(self, refresh_token: str, now: datetime) -> ProviderTokens:
        """Raise ProviderRefusedError if the user may no longer sign in there, as far as the provider says."""
        session, url = self._session(now), self.metadata(now)["token_endpoint"]
        session.scope = None  # the same as before
        return self._tokens(lambda: session.refresh_token(url, refresh_token=refresh_token))

    def identity(self, tokens: ProviderTokens, nonce: str | None, now: datetime) -> Identity:
        """Return who the ID token is about; raises ProviderError."""
        expected = ExpectedToken(self.issuer, self.client_id, self.name, nonce, tokens.access_token)
        try:
            return verified(tokens.id_token, self._keys(now), expected, now)
        except UnknownKeyError:
            try:
                return verified(tokens.id_token, self._keys(now, again=True), expected, now)
            except UnknownKeyError as error:
                raise ProviderError(
                    f"The answer of {self.name} could not be trusted, so you were not signed in: please tell an admin.",
                    "the ID token is signed by a key that the provider does not publish",
                ) from error

    def check_issuer(self, issuer: str | None, now: datetime) -> None:
        """Raise ProviderError if another provider answered (RFC 9207)."""
        is_promised = bool(self.metadata(now).get("authorization_response_iss_parameter_supported"))
        if issuer == self.issuer or (issuer is None and not is_promised):
            return
        raise ProviderError(
            f"This answer does not come from {self.name}, so you were not signed in: please sign in again.",
            f"the answer names the issuer {issuer!r}",
        )

    def sign_out_url(self, id_token: str, now: datetime) -> str:
        """Return where the user signs out of the provider itself; empty if it has no such page, or does not answer."""
        try:
            page = str(self.metadata(now).get("end_session_endpoint", ""))
        except ProviderError as error:
            log.warning("no sign-out page of %s: %s", self.issuer, error.reason)
            return ""
        if not page or not self._is_secure(page):
            return ""
        asked = {"client_id": self.client_id, "post_logout_redirect_uri": f"{self.public_url}/sign-in"}
        hint = {"id_token_hint": id_token} if id_token else {}
        return f"{page}{'&' if '?' in page else '?'}{urlencode({**asked, **hint})}"

    def metadata(self, now: datetime) -> Mapping[str, Any]:
        at = self._fetched.metadata_at
        if at is None or not timedelta(0) <= now - at < _METADATA_LASTS:
            self._fetched.metadata = self._checked(
                self._document(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
            )
            self._fetched.metadata_at = now
        return self._fetched.metadata

    def _checked(self, metadata: Mapping[str, Any]) -> Mapping[str, Any]:
        if metadata.get("issuer") != self.issuer:
            raise self._away(
                f"OIDC_ISSUER is {self.issuer}, and what answers there calls itself {metadata.get('issuer')!r}"
            )
        for name in _ENDPOINTS:
            if not self._is_secure(str(metadata.get(name, ""))):
                raise self._away(f"{name} is not an https:// address")
        return metadata

    def _is_secure(self, url: str) -> bool:
        parts, own = urlsplit(url), urlsplit(self.issuer)
        is_trial = own.scheme == "http" and own.hostname in _LOOPBACK and parts.hostname in _LOOPBACK
        return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and is_trial))

    def _keys(self, now: datetime, *, again: bool = False) -> KeySet:
        fetched = self._fetched
        is_old = fetched.keys_at is None or not timedelta(0) <= now - fetched.keys_at < _METADATA_LASTS
        may_again = fetched.keys_at is not None and now - fetched.keys_at >= _KEYS_AGAIN
        if fetched.keys is None or is_old or (again and may_again):
            try:
                fetched.keys = signing_keys(self._document(str(self.metadata(now)["jwks_uri"])))
            except (JoseError, ValueError, KeyError, TypeError, AttributeError) as error:
                raise self._away(f"its keys cannot be read ({error})") from error
            fetched.keys_at = now
        return fetched.keys

    def _document(self, url: str) -> Mapping[str, Any]:
        try:
            answer = requests.get(url, timeout=_TIMEOUT, allow_redirects=False)
            answer.raise_for_status()
            document = answer.json()
        except (requests.RequestException, ValueError) as error:
            raise self._away(f"{url}: {error}") from error
        if answer.status_code != 200 or not isinstance(document, dict):
            raise self._away(f"{url} answers {answer.status_code}, with no JSON object")
        return document

    def _session(self, now: datetime) -> OAuth2Session:
        metadata = self.metadata(now)
        methods = metadata.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        offline = ["offline_access"] if "offline_access" in (metadata.get("scopes_supported") or ()) else []
        return OAuth2Session(
            self.client_id,
            self.client_secret,
            token_endpoint_auth_method=next(
                (one for one in ("client_secret_basic", "client_secret_post") if one in methods), "client_secret_basic"
            ),
            scope=" ".join(["openid", "email", *offline]),
            redirect_uri=self.redirect_uri,
            code_challenge_method="S256",
            default_timeout=_TIMEOUT,
        )

    def _tokens(self, ask: Callable[[], Mapping[str, Any]]) -> ProviderTokens:
        try:
            answer = ask()
        except OAuthError as error:
            raise self._refusal(error) from error
        except (requests.RequestException, ValueError) as error:
            raise self._away(f"the token endpoint: {error}") from error
        texts = {name: answer.get(name) or "" for name in ("id_token", "access_token", "refresh_token")}
        if not all(isinstance(text, str) for text in texts.values()):
            raise self._away("the token endpoint answers with no texts")
        return ProviderTokens(**texts)

    def _refusal(self, error: OAuthError) -> ProviderError:
        reason = f"the token endpoint: {error.error}"  # its description may quote what was sent
        if error.error == "invalid_grant":
            return ProviderRefusedError(f"{self.name} did not confirm your sign-in: please sign in again.", reason)
        if error.error in {"invalid_client", "unauthorized_client"}:
            return ProviderAwayError(
                f"{self.name} does not accept this site's OIDC_CLIENT_ID and OIDC_CLIENT_SECRET: please tell an admin.",
                reason,
            )
        return ProviderAwayError(
            f"{self.name} did not complete the sign-in: please try again, and tell an admin if it happens again.",
            reason,
        )

    def _away(self, reason: str) -> ProviderAwayError:
        return ProviderAwayError(
            f"{self.name} does not answer as it should: please try again in a minute, and tell an admin if it goes on.",
            reason,
        )
