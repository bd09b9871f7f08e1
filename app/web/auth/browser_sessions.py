"""Browser sessions, started after authentication; each has its own token."""

import logging
import secrets
from dataclasses import dataclass, replace
from datetime import timedelta

from bottle import HTTPResponse

from app.store.access import logins
from app.store.access.logins import NewLogin
from app.web.auth.session_tokens import SessionTokens, TokenClaims
from app.web.http.cookies import Cookies
from app.web.http.request_context import RequestContext

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BrowserSessions:
    tokens: SessionTokens
    cookies: Cookies
    lasting: timedelta

    def new_login(self, context: RequestContext) -> NewLogin:
        return NewLogin(
            jti=secrets.token_urlsafe(32),
            expires_at=context.now + self.lasting,
            address=context.address,
            user_agent=context.user_agent,
            replaces=context.login.jti if context.login else "",
        )

    def renewed_login(self, context: RequestContext) -> NewLogin:
        """Return a login in the place of the present one; a provider that signed its user in is still asked."""
        new, login = self.new_login(context), context.login
        if login is None or not login.is_by_provider:
            return new
        tokens = logins.provider_tokens_of(login)
        return replace(new, expires_at=login.expires_at, confirmed_at=login.confirmed_at, provider_tokens=tokens)

    def signed_in(self, context: RequestContext, new_login: NewLogin) -> RequestContext:
        login = logins.find_active(new_login.jti, context.now)
        log.info("user %s signed in", login.user.id if login else None)
        return replace(context, login=login, form_secret=new_login.jti)

    def hand_over(self, context: RequestContext, response: HTTPResponse) -> HTTPResponse:
        """Return the response with the cookie of the login just started; raises LookupError if there is none."""
        if context.login is None:
            raise LookupError("Nobody is signed in.")
        reference = TokenClaims(context.login.jti, context.login.user.id)
        token = self.tokens.issue(reference, context.now, context.now + self.lasting)
        self.cookies.set(response, "session", token, seconds=int(self.lasting.total_seconds()))
        self.cookies.delete(response, "form")
        return response

    def forget(self, response: HTTPResponse) -> HTTPResponse:
        """Return the response that deletes the session cookie and clears the browser's local storage."""
        self.cookies.delete(response, "session")
        response.set_header("Clear-Site-Data", '"storage"')
        return response
