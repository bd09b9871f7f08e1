"""Sessions: signing in, by a password and where there is a second factor by a code, and signing out."""

import hashlib
import logging
from dataclasses import dataclass
from datetime import timedelta

from bottle import HTTPResponse

from app.store.access import logins, second_factor, users
from app.store.access.users import User
from app.store.db.database import transaction
from app.web.auth import one_time_codes, passwords
from app.web.auth.anonymous_forms import OpenForms
from app.web.auth.browser_sessions import BrowserSessions
from app.web.auth.one_time_codes import RECOVERY_CODE, RECOVERY_CODES
from app.web.auth.session_tokens import SessionTokens, TokenClaims
from app.web.auth.throttling import Attempt, record
from app.web.http.forms import Fields, local_path
from app.web.http.rendering import Pages
from app.web.http.request_context import Visit

_FOR_THE_CODE = timedelta(minutes=5)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sessions:
    """Starts and ends what a browser may do."""

    pages: Pages
    forms: OpenForms
    browsers: BrowserSessions
    halves: SessionTokens

    def new(self, visit: Visit) -> HTTPResponse:
        """Ask who it is; somebody who is signed in goes straight on."""
        wanted = local_path(visit.query.get("next", "/"))
        if visit.login:
            return self.pages.redirect(visit, wanted)
        return self._form(visit, wanted)

    def create(self, visit: Visit) -> HTTPResponse:
        """Sign in whoever knows the password, or ask for the code that is still missing."""
        fields = Fields({"email": visit.form.get("email", "")})
        email, wanted = fields.text("email"), local_path(visit.form.get("next", "/"))
        found = users.find_by_email(email)
        attempt = Attempt.at_password(email, visit)
        attempt.begin(visit, found)
        user = _with_password(found, visit.form.get("password", ""))
        if user is None:
            _refuse(visit, found, "wrong password" if found else "unknown e-mail address")
            return self._form(visit, wanted, email, "E-mail address and password do not belong together.")
        attempt.succeeded()
        if user.has_second_factor:
            return self._code_form(visit, self._half(visit, user), wanted)
        return self._signed_in(visit, user, wanted)

    def ask_again(self, visit: Visit) -> HTTPResponse:
        """Begin anew: the second step of signing in has no address of its own."""
        return self.pages.redirect(visit, "/sign-in")

    def confirm(self, visit: Visit) -> HTTPResponse:
        """Sign in whoever, after the password, has the code as well."""
        half, wanted = visit.form.get("half", ""), local_path(visit.form.get("next", "/"))
        user = self._user_of(half, visit)
        if user is None:
            return self._form(visit, wanted, failure="That took too long: please begin anew.")
        attempt = Attempt.at_code(user, visit)
        attempt.begin(visit, user)
        with transaction():
            kind = one_time_codes.accepted(user.id, visit.form.get("code", ""), visit.now)
            if kind:
                attempt.succeeded()
                return self._signed_in(visit, user, wanted, kind)
            _refuse(visit, user, "wrong code")
        failure = "This code is wrong, or was used already: please wait for the next one."
        return self._code_form(visit, half, wanted, failure)

    def delete(self, visit: Visit) -> HTTPResponse:
        """Sign this browser out, on the server and in the browser."""
        if visit.login:
            with transaction():
                logins.revoke(visit.login.jti, visit.now)
                record(visit, "session.ended", visit.user, by=visit.user)
            log.info("user %s signed out", visit.user.id)
        return self.browsers.forget(self.pages.redirect(visit, "/sign-in"))

    def _form(self, visit: Visit, wanted: str, email: str = "", failure: str = "") -> HTTPResponse:
        status = 422 if failure else 200
        return self.forms.show(visit, "sessions/new.html", status=status, wanted=wanted, email=email, failure=failure)

    def _code_form(self, visit: Visit, half: str, wanted: str, failure: str = "") -> HTTPResponse:
        status = 422 if failure else 200
        return self.forms.show(visit, "sessions/code.html", status=status, wanted=wanted, half=half, failure=failure)

    def _half(self, visit: Visit, user: User) -> str:
        """Return the token that stands for a right password; another password makes it worthless."""
        return self.halves.issue(TokenClaims(_mark_of_password(user), user.id), visit.now, visit.now + _FOR_THE_CODE)

    def _user_of(self, half: str, visit: Visit) -> User | None:
        reference = self.halves.read(half, visit.now)
        user = users.get(reference.user_id) if reference else None
        if reference is None or user is None or not user.active or not user.has_second_factor:
            return None
        return user if reference.jti == _mark_of_password(user) else None

    def _signed_in(self, visit: Visit, user: User, wanted: str, by_code: str = "") -> HTTPResponse:
        with transaction():
            signed_in = self.browsers.start(visit, user)
            record(visit, "session.started", user, by=user, second_factor=by_code)
        response = self.pages.redirect(signed_in, wanted, flash=_warning(by_code, user))
        return self.browsers.hand_over(signed_in, response)


def _mark_of_password(user: User) -> str:
    return hashlib.sha256(users.password_hash_of(user.id).encode()).hexdigest()


def _warning(by_code: str, user: User) -> str:
    if by_code != RECOVERY_CODE:
        return ""
    left = second_factor.recovery_codes_left(user.id)
    return f"That recovery code is used up; {left} of {RECOVERY_CODES} are left. Your account page makes new ones."


def _refuse(visit: Visit, user: User | None, reason: str) -> None:
    log.warning("refused to sign in user %s: %s", user.id if user else "unknown", reason)
    with transaction():
        record(visit, "session.refused", user, reason=reason)


def _with_password(user: User | None, password: str) -> User | None:
    if user is None or not user.active:
        passwords.verify(None, password)
        return None
    password_hash = users.password_hash_of(user.id)
    if not passwords.verify(password_hash, password):
        return None
    if passwords.needs_rehash(password_hash):
        users.set_password_hash(user.id, passwords.rehash(password))
    return user
