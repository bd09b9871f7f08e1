"""Whether the provider still confirms the user of a session, who may have left the firm: asked every few minutes."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from app.actions import sign_in
from app.store.access import logins, users
from app.store.access.logins import Login
from app.web.auth.oidc.errors import ProviderError, ProviderRefusedError
from app.web.auth.oidc.identity import ProviderTokens
from app.web.auth.oidc.sealed import Sealing

if TYPE_CHECKING:
    from app.web.auth.oidc.provider import Provider

CHECKED_EVERY: Final = timedelta(minutes=10)
LONGEST_UNCONFIRMED: Final = timedelta(hours=1)

_ASKED_AGAIN = timedelta(minutes=1)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rechecks:
    provider: "Provider | None"
    sealing: Sealing

    def sealed(self, tokens: ProviderTokens, now: datetime) -> str:
        return self.sealing.seal({"refresh": tokens.refresh_token, "id": tokens.id_token}, now)

    def tokens_of(self, login: Login, now: datetime) -> dict[str, str]:
        return self.sealing.open(logins.provider_tokens_of(login), now) or {}

    def confirmed(self, login: Login, now: datetime) -> Login | None:
        """Return the login, or None if its user signed in by a provider that does not confirm them any more."""
        if login.confirmed_at is None:
            return login
        if self.provider is None:
            return None
        since = now - login.confirmed_at
        if since < CHECKED_EVERY:
            return login
        if logins.claim_provider_check(login, now, _ASKED_AGAIN):
            try:
                return self._asked(self.provider, login, now)
            except ProviderRefusedError as error:
                log.warning("user %s was signed out: %s", login.user.id, error.reason)
                sign_in.end_by_provider(login, "the provider does not confirm the user any more", now)
                return None
            except ProviderError as error:
                log.warning("user %s was not confirmed by the provider: %s", login.user.id, error.reason)
        return login if since < LONGEST_UNCONFIRMED else None

    def _asked(self, provider: "Provider", login: Login, now: datetime) -> Login:
        before = self.tokens_of(login, now)
        if not before.get("refresh"):
            raise ProviderError("The provider cannot be asked.", "it gave no refresh token")
        tokens = provider.refreshed(before["refresh"], now)
        if tokens.id_token:
            identity = provider.identity(tokens, None, now)
            if users.provider_account_of(login.user.id) != (identity.issuer, identity.subject):
                raise ProviderRefusedError(
                    "The provider confirmed somebody else.", "the refresh token is somebody else's"
                )
        kept = ProviderTokens(tokens.id_token or before.get("id", ""), "", tokens.refresh_token or before["refresh"])
        return sign_in.confirm_by_provider(login, self.sealed(kept, now), now)
