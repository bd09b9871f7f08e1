"""Sign-in by password and, if set up, a second factor, and sign-out."""

import logging
from dataclasses import dataclass
from datetime import timedelta

from bottle import HTTPResponse

from app.actions import passwords as password_actions
from app.actions import sign_in
from app.actions.second_factors import RECOVERY_CODE
from app.store.access import second_factor, users
from app.store.access.hashes import hash_of
from app.store.access.logins import NewLogin
from app.store.access.users import User
from app.web.auth import passwords
from app.web.auth.access_policy import AccessPolicy
from app.web.auth.browser_sessions import BrowserSessions
from app.web.auth.one_time_codes import RECOVERY_CODES
from app.web.auth.session_tokens import SessionTokens, TokenClaims
from app.web.auth.throttling import Attempt, TooManyAttemptsError
from app.web.http.forms import Form, local_path
from app.web.http.metrics import Metrics
from app.web.http.rendering import Pages
from app.web.http.request_context import RequestContext
from app.web.http.sent_forms import SentForm

_CODE_TIMEOUT = timedelta(minutes=5)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sessions:
    pages: Pages
    browsers: BrowserSessions
    pending_second_factor: SessionTokens
    metrics: Metrics
    access_policy: AccessPolicy

    def new(self, context: RequestContext) -> HTTPResponse:
        wanted = local_path(context.query.get("next", "/"))
        if context.login:
            return self.pages.redirect(context, wanted)
        return self._form(context, wanted)

    def create(self, context: RequestContext) -> HTTPResponse:
        fields = Form({"email": context.form.get("email", "")})
        email, wanted = fields.text("email"), local_path(context.form.get("next", "/"))
        found = users.find_by_email(email)
        try:
            attempt = Attempt.at_password(email, context).begin(context, found)
        except TooManyAttemptsError as refused:
            return refused.said_on(self._form(context, wanted, email, str(refused)))
        user = self._with_password(found, context.form.get("password", ""))
        if user is None:
            self.metrics.failed_logins.labels("password").inc()
            reason = self._reason(found)
            log.warning("refused to sign in user %s: %s", found.id if found else "unknown", reason)
            if found:
                sign_in.refuse(found, reason, context.now)
            return self._form(context, wanted, email, "E-mail or password is wrong.")
        attempt.succeeded(context)
        return self._after_password(context, user, wanted)

    def _reason(self, user: User | None) -> str:
        if user is None:
            return "unknown e-mail address"
        return (
            "a password where the provider is asked" if self.access_policy.must_use_provider(user) else "wrong password"
        )

    def after_password(self, context: RequestContext, user: User, said: str) -> HTTPResponse:
        """Sign in a user who has just proved who they are by a link, or ask for the code; `said` is shown there."""
        return self._after_password(context, user, "/", said)

    def ask_again(self, context: RequestContext) -> HTTPResponse:
        """Redirect to the sign-in form: the second step has no URL of its own."""
        return self.pages.redirect(context, "/sign-in")

    def confirm(self, context: RequestContext) -> HTTPResponse:
        pending, wanted = context.form.get("pending", ""), local_path(context.form.get("next", "/"))
        user = self._user_of(pending, context)
        if user is None:
            return self._form(context, wanted, failure="That took too long: please sign in again.")
        try:
            attempt = Attempt.at_code(user, context).begin(context, user)
        except TooManyAttemptsError as refused:
            return refused.said_on(self._code_form(context, pending, wanted, str(refused)))
        new_login = self.browsers.new_login(context)
        kind = sign_in.start_with_code(user, context.form.get("code", ""), new_login, context.now)
        if kind:
            attempt.succeeded(context)
            return self.signed_in(context, new_login, wanted, flash=_warning(kind, user))
        self.metrics.failed_logins.labels("code").inc()
        log.warning("refused to sign in user %s: wrong code", user.id)
        failure = "This code is wrong, or was used already: please wait for the next one."
        return self._code_form(context, pending, wanted, failure)

    def stay(self, context: RequestContext) -> HTTPResponse:
        """Keep the login, as each request does, for a page on which somebody types for long."""
        return HTTPResponse(status=204, headers=self.pages.login_header(context))

    def _with_password(self, user: User | None, password: str) -> User | None:
        if user is None or not user.active or self.access_policy.must_use_provider(user):
            passwords.verify(None, password)
            return None
        return _verified(user, password)

    def form_again(self, context: RequestContext, wanted: str, failure: str) -> HTTPResponse:
        return self._form(context, wanted, failure=failure)

    def _after_password(self, context: RequestContext, user: User, wanted: str, said: str = "") -> HTTPResponse:
        if user.has_totp:
            return self._code_form(context, self._pending_token(context, user), wanted, said=said)
        if user.has_passkey:
            sent = _sent_before(context)
            return self.pages.show(context, "sessions/passkey.html", wanted=wanted, said=said, sent=sent)
        new_login = self.browsers.new_login(context)
        sign_in.start(user, new_login, context.now)
        return self.signed_in(context, new_login, wanted, flash=said)

    def _form(self, context: RequestContext, wanted: str, email: str = "", failure: str = "") -> HTTPResponse:
        values = {"wanted": wanted, "email": email, "failure": failure, "sent": _sent_before(context), "lost": ""}
        return self.pages.show(context, "sessions/new.html", status=422 if failure else 200, **values)

    def _code_form(
        self, context: RequestContext, pending: str, wanted: str, failure: str = "", said: str = ""
    ) -> HTTPResponse:
        values = {"wanted": wanted, "pending": pending, "failure": failure, "said": said, "sent": _sent_before(context)}
        return self.pages.show(context, "sessions/code.html", status=422 if failure else 200, **values)

    def _pending_token(self, context: RequestContext, user: User) -> str:
        """Return the token that proves a right password; changing the password invalidates it."""
        return self.pending_second_factor.issue(
            TokenClaims(_password_fingerprint(user), user.id), context.now, context.now + _CODE_TIMEOUT
        )

    def _user_of(self, pending: str, context: RequestContext) -> User | None:
        reference = self.pending_second_factor.read(pending, context.now)
        user = users.get(reference.user_id) if reference else None
        if reference is None or user is None or not user.active or not user.has_totp:
            return None
        if self.access_policy.must_use_provider(user):
            return None
        return user if reference.jti == _password_fingerprint(user) else None

    def signed_in(self, context: RequestContext, new_login: NewLogin, wanted: str, *, flash: str = "") -> HTTPResponse:
        signed_in = self.browsers.signed_in(context, new_login)
        if sent := _sent_before(context):
            page = self.pages.show(signed_in, "sessions/sent.html", sent=sent, warning=flash)
            return self.browsers.hand_over(signed_in, page)
        return self.browsers.hand_over(signed_in, self.pages.redirect(signed_in, wanted, flash=flash))


def _sent_before(context: RequestContext) -> SentForm | None:
    """Return the form that could not be saved as its sender was signed out."""
    return SentForm.from_json(context.form.get("sent", ""))


def _password_fingerprint(user: User) -> str:
    return hash_of(users.password_hash_of(user.id))


def _warning(by_code: str, user: User) -> str:
    if by_code != RECOVERY_CODE:
        return ""
    left = second_factor.recovery_codes_left(user.id)
    return f"That recovery code is used up; {left} of {RECOVERY_CODES} are left. Your account page makes new ones."


def _verified(user: User, password: str) -> User | None:
    password_hash = users.password_hash_of(user.id)
    if not passwords.verify(password_hash, password):
        return None
    if passwords.needs_rehash(password_hash):
        password_actions.rehash(user.id, passwords.rehash(password))
    return user
