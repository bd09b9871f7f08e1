"""Sign-in by the provider: the way there, the answer, and who it is here; and proving again who one is."""

import hmac
import logging
import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from bottle import HTTPResponse, request

from app.actions import sign_in
from app.actions.sign_in import NoUserError, OtherAccountError
from app.store.access import users
from app.store.access.users import User
from app.web.auth.browser_sessions import BrowserSessions
from app.web.auth.oidc.errors import ProviderError
from app.web.auth.oidc.identity import LEEWAY_SECONDS, Identity, ProviderTokens
from app.web.auth.oidc.rechecks import LONGEST_UNCONFIRMED, Rechecks
from app.web.auth.oidc.sealed import Sealing
from app.web.auth.throttling import Attempt, TooManyAttemptsError
from app.web.http.errors import NotFoundError
from app.web.http.forms import local_path
from app.web.http.metrics import Metrics
from app.web.http.rendering import Pages
from app.web.http.request_context import RequestContext

if TYPE_CHECKING:
    from app.web.auth.oidc.provider import Provider

_COOKIE = "provider"
_SECONDS = 600  # from leaving for the provider until its answer
_LONGEST_WANTED = 1_000
_AGAIN = "again"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Pending:
    """A sign-in on its way; `login` is the id of the session whose user proves again who they are, else empty."""

    state: str
    nonce: str
    verifier: str
    wanted: str
    login: str
    began: int


@dataclass(frozen=True, slots=True)
class ProviderSignIn:
    pages: Pages
    browsers: BrowserSessions
    provider: "Provider | None"
    sealing: Sealing
    rechecks: Rechecks
    metrics: Metrics

    def start(self, context: RequestContext) -> HTTPResponse:
        """Send the browser to the provider; with `again` to prove there once more who they are."""
        provider = self._existing()
        is_again = _AGAIN in context.query
        if is_again and not context.is_by_provider:
            return self.pages.redirect(context, "/sign-in")
        wanted = local_path(context.query.get("next", "/"))
        if context.login and not is_again:
            return self.pages.redirect(context, wanted)
        pending = _Pending(
            state=secrets.token_urlsafe(32),
            nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(48),
            wanted=wanted if len(wanted) <= _LONGEST_WANTED else "/",
            login=context.login.jti if context.login else "",
            began=int(context.now.timestamp()),
        )
        try:
            url = provider.authorization_url(
                pending.state, pending.nonce, pending.verifier, context.now, again=is_again
            )
        except ProviderError as error:
            return self._refused(context, pending.wanted, error)
        response = self.pages.redirect(context, url)
        self.pages.cookies.set(response, _COOKIE, self._sealed(pending, context.now), seconds=_SECONDS)
        return response

    def finish(self, context: RequestContext) -> HTTPResponse:
        """Take the answer of the provider, which counts once and in the browser that asked for it."""
        provider, pending = self._existing(), self._pending(context)
        wanted = pending.wanted if pending else "/"
        try:
            attempt = Attempt.at_provider(context).begin(context, None)
        except TooManyAttemptsError as refused:
            return refused.said_on(self._form(context, wanted, str(refused)))
        try:
            if pending is None or not _is_same(pending.state, context.query.get("state", "")):
                raise ProviderError(
                    "That took too long, or was begun in another browser: please sign in again.", "the state is wrong"
                )
            tokens, identity = self._identity(provider, pending, context)
            response = (
                self._proved_again(context, pending, identity)
                if pending.login
                else self._signed_in(context, provider, pending.wanted, tokens, identity)
            )
        except ProviderError as error:
            response = self._refused(context, wanted, error)
        else:
            attempt.succeeded(context)
        self.pages.cookies.delete(response, _COOKIE)
        return response

    def signed_out(self, context: RequestContext) -> HTTPResponse:
        """Sign this browser out; on a login by the provider, also offer to sign out there."""
        url = ""
        if context.login and context.login.is_by_provider and self.provider:
            tokens = self.rechecks.tokens_of(context.login, context.now)
            url = self.provider.sign_out_url(tokens.get("id", ""), context.now)
        if context.login:
            sign_in.sign_out(context.login, context.now)
            log.info("user %s signed out", context.user.id)
        if not url:
            return self.browsers.forget(self.pages.redirect(context, "/sign-in"))
        left = replace(context, login=None, form_secret="")
        return self.browsers.forget(self.pages.show(left, "sessions/signed_out.html", url=url))

    def _identity(
        self, provider: "Provider", pending: _Pending, context: RequestContext
    ) -> tuple[ProviderTokens, Identity]:
        provider.check_issuer(context.query.get("iss"), context.now)
        if error := context.query.get("error", ""):
            raise _said_by_provider(provider.name, error)
        if not context.query.get("code"):
            raise ProviderError(f"{provider.name} sent no code: please sign in again.", "the answer has no code")
        tokens = provider.tokens_for(context.query["code"], pending.verifier, context.now)
        return tokens, provider.identity(tokens, pending.nonce, context.now)

    def _signed_in(
        self, context: RequestContext, provider: "Provider", wanted: str, tokens: ProviderTokens, identity: Identity
    ) -> HTTPResponse:
        user = _user_of(identity, provider.name, context.now)
        lasting = self.browsers.lasting if tokens.refresh_token else min(self.browsers.lasting, LONGEST_UNCONFIRMED)
        new_login = replace(
            self.browsers.new_login(context),
            confirmed_at=context.now,
            provider_tokens=self.rechecks.sealed(tokens, context.now),
            expires_at=context.now + lasting,
        )
        sign_in.start(user, new_login, context.now, provider=identity.issuer)
        signed_in = self.browsers.signed_in(context, new_login)
        return self.browsers.hand_over(signed_in, self.pages.redirect(signed_in, wanted))

    def _proved_again(self, context: RequestContext, pending: _Pending, identity: Identity) -> HTTPResponse:
        if context.login is None or not _is_same(context.login.jti, pending.login):
            raise ProviderError("You were signed out meanwhile: please sign in again.", "the login has ended")
        name = self._existing().name
        if users.provider_account_of(context.user.id) != (identity.issuer, identity.subject):
            sign_in.refuse_step_up(context.user, "another account at the provider", context.now)
            raise ProviderError(
                f"You signed in to {name} with another account: nothing was confirmed.", "another subject"
            )
        at = identity.authenticated_at
        if at is None or at < pending.began - LEEWAY_SECONDS:
            sign_in.refuse_step_up(context.user, "the provider did not ask again", context.now)
            raise ProviderError(
                f"{name} did not ask you again who you are, so nothing was confirmed: please tell an admin.",
                f"auth_time is {at}, and it was asked at {pending.began}",
            )
        login = sign_in.step_up(context.login, context.now)
        return self.pages.show(replace(context, login=login), "sessions/proved_again.html")

    def _refused(self, context: RequestContext, wanted: str, error: ProviderError) -> HTTPResponse:
        self.metrics.failed_logins.labels("provider").inc()
        log.warning("refused to sign in by the provider: %s", error.reason)
        return self._form(context, wanted, str(error), error.status)

    def _form(self, context: RequestContext, wanted: str, failure: str, status: int = 422) -> HTTPResponse:
        if context.login:
            return self.pages.show(context, "sessions/not_proved.html", status=status, failure=failure)
        values = {"wanted": wanted, "email": "", "failure": failure, "sent": None, "lost": ""}
        return self.pages.show(context, "sessions/new.html", status=status, **values)

    def _existing(self) -> "Provider":
        if self.provider is None:
            raise NotFoundError("There is no page at this address.")
        return self.provider

    def _sealed(self, pending: _Pending, now: datetime) -> str:
        texts = {name: str(getattr(pending, name)) for name in _Pending.__slots__}
        return self.sealing.seal(texts, now)

    def _pending(self, context: RequestContext) -> _Pending | None:
        texts = self.sealing.open(self.pages.cookies.read(request, _COOKIE), context.now, seconds=_SECONDS)
        return _Pending(**{**texts, "began": int(texts["began"])}) if texts else None  # type: ignore[arg-type]  # texts but for one


def _user_of(identity: Identity, name: str, now: datetime) -> User:
    """Raise ProviderError if the account belongs to nobody here."""
    try:
        return sign_in.user_of_account(identity.issuer, identity.subject, identity.email, now)
    except NoUserError as error:
        if identity.claimed_email and not identity.email:
            raise ProviderError(
                f"{name} does not say that the e-mail address {identity.claimed_email} is verified: ask an admin.",
                "the e-mail address is not verified",
            ) from error
        if not identity.email:
            raise ProviderError(
                f"{name} does not say your e-mail address: ask an admin.", "the ID token has no e-mail address"
            ) from error
        raise ProviderError(
            f"Nobody may sign in here as {identity.email}, which is who you are at {name}: ask an admin.",
            "the user is unknown or deactivated",
        ) from error
    except OtherAccountError as error:
        sign_in.refuse(error.user, "another account at the provider", now)
        raise ProviderError(
            f"{identity.email} belongs to another account at {name}: ask an admin to unlink it.",
            f"user {error.user.id} has another account",
        ) from error


def _said_by_provider(name: str, error: str) -> ProviderError:
    known = error if error.isascii() and error.replace("_", "").isalpha() else "something else"
    if error == "access_denied":
        return ProviderError(f"You did not allow {name} to sign you in: nothing was done.", "access_denied")
    return ProviderError(f"{name} did not sign you in: please try again, and tell an admin if it goes on.", known[:60])


def _is_same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
