"""Sessions: signing in and out."""

import logging
import secrets
from dataclasses import dataclass
from datetime import timedelta

from bottle import HTTPResponse

from app.store import logins, users
from app.store.database import transaction
from app.store.users import User
from app.web import passwords
from app.web.cookies import Cookies
from app.web.forms import Fields, local_path
from app.web.rendering import Pages
from app.web.session_tokens import Reference, SessionTokens
from app.web.visits import Visit

_LONGEST_PASSWORD = 1_000
_FORM_SECONDS = 86_400

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sessions:
    """Starts and ends what a browser may do."""

    pages: Pages
    tokens: SessionTokens
    cookies: Cookies
    lasting: timedelta

    def new(self, visit: Visit) -> HTTPResponse:
        """Ask who it is; somebody who is signed in goes straight on."""
        wanted = local_path(visit.query.get("next", "/"))
        if visit.login:
            return self.pages.redirect(visit, wanted)
        return self._form(visit, wanted)

    def create(self, visit: Visit) -> HTTPResponse:
        """Sign in whoever knows the password, as a new login."""
        fields = Fields({"email": visit.form.get("email", "")})
        wanted = local_path(visit.form.get("next", "/"))
        user = _user_with(fields.text("email"), visit.form.get("password", "")[:_LONGEST_PASSWORD])
        if user is None:
            log.warning("refused to sign in %r", fields.typed["email"][:200])
            return self._form(visit, wanted, fields, "E-mail address and password do not belong together.")
        return self._signed_in(visit, user, wanted)

    def delete(self, visit: Visit) -> HTTPResponse:
        """Sign this browser out, on the server and in the browser."""
        if visit.login:
            logins.revoke(visit.login.jti, visit.now)
            log.info("user %s signed out", visit.login.user.id)
        response = self.pages.redirect(visit, "/sign-in")
        self.cookies.delete(response, "session")
        response.set_header("Clear-Site-Data", '"storage"')
        return response

    def _form(self, visit: Visit, wanted: str, fields: Fields | None = None, failure: str = "") -> HTTPResponse:
        secret = visit.form_secret or secrets.token_urlsafe(32)
        response = self.pages.show(
            visit.with_form_secret(secret),
            "sessions/new.html",
            status=422 if failure else 200,
            wanted=wanted,
            email=fields.typed["email"] if fields else "",
            failure=failure,
        )
        self.cookies.set(response, "form", secret, seconds=_FORM_SECONDS)
        return response

    def _signed_in(self, visit: Visit, user: User, wanted: str) -> HTTPResponse:
        reference = Reference(secrets.token_urlsafe(32), user.id)
        expires_at = visit.now + self.lasting
        with transaction():
            if visit.login:
                logins.revoke(visit.login.jti, visit.now)
            logins.start(user.id, reference.jti, visit.now, expires_at)
        log.info("user %s signed in", user.id)
        response = self.pages.redirect(visit, wanted)
        token = self.tokens.issue(reference, visit.now, expires_at)
        self.cookies.set(response, "session", token, seconds=int(self.lasting.total_seconds()))
        self.cookies.delete(response, "form")
        return response


def _user_with(email: str, password: str) -> User | None:
    user = users.find_by_email(email)
    if user is None or not user.active:
        passwords.verify(None, password)
        return None
    password_hash = users.password_hash_of(user.id)
    if not passwords.verify(password_hash, password):
        return None
    if passwords.needs_rehash(password_hash):
        users.set_password_hash(user.id, passwords.rehash(password))
    return user
