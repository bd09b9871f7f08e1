"""Links to choose a password, for invited users and for forgotten passwords, and requests for one by mail."""

import logging
from dataclasses import dataclass

from bottle import HTTPResponse

from app.actions import link_mails, passwords
from app.domain.sentences import counted
from app.jobs.mails import MailJobs
from app.store.access import one_time_links, users
from app.store.access.one_time_links import Link, Purpose
from app.web.auth.access_policy import AccessPolicy
from app.web.auth.sessions import Sessions
from app.web.auth.throttling import Attempt, TooManyAttemptsError
from app.web.auth.typed_secrets import hash_of_chosen
from app.web.http.errors import NotFoundError
from app.web.http.forms import Form
from app.web.http.rendering import Pages
from app.web.http.request_context import RequestContext

_NO_LINK = "This link was used already, or is too old: ask for a new one."

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PasswordLinks:
    pages: Pages
    mails: MailJobs | None
    sessions: Sessions
    access_policy: AccessPolicy

    def show(self, context: RequestContext) -> HTTPResponse:
        """Render the form for the new password; raises NotFoundError for an invalid link."""
        token = context.query.get("token", "")
        return self._form(context, token, self._link(token, context), Form({}))

    def use(self, context: RequestContext) -> HTTPResponse:
        """Set the password, end all logins of the user and sign in; a second factor is still required."""
        token, fields = context.form.get("token", ""), Form({})
        link = self._link(token, context)
        password_hash = hash_of_chosen(context, fields, link.user)
        if fields.errors:
            return self._form(context, token, link, fields)
        ended_tokens = passwords.change_by_link(token, link, password_hash, context.now)
        if ended_tokens is None:
            raise NotFoundError(_NO_LINK)
        log.info("user %s chose a password by a link", link.user.id)
        return self.sessions.after_password(context, users.existing(link.user.id), _said(link.purpose, ended_tokens))

    def ask(self, context: RequestContext) -> HTTPResponse:
        """Render the form to request a link; without mail it names who can help."""
        return self._forgotten(context)

    def send(self, context: RequestContext) -> HTTPResponse:
        """Queue a mail with a link if the user exists; the response is the same for every address."""
        if self.mails is None:
            return self.ask(context)
        email = Form(context.form).text("email")
        try:
            Attempt.at_mail(email, context).begin(context, None)
        except TooManyAttemptsError as refused:
            return refused.said_on(self._forgotten(context, email, str(refused)))
        user = users.find_by_email(email)
        if user is None or not self.access_policy.must_use_provider(user):
            link_mails.ask(email, Purpose.RESET, context.now)
            self.mails.send_links()
        return self._forgotten(context, is_sent=True)

    def _link(self, token: str, context: RequestContext) -> Link:
        link = _link(token, context)
        if self.access_policy.must_use_provider(link.user):
            raise NotFoundError(
                f"You need no password here: go to the sign-in page and choose {self.pages.provider_name}."
            )
        return link

    def _forgotten(
        self, context: RequestContext, email: str = "", failure: str = "", *, is_sent: bool = False
    ) -> HTTPResponse:
        has_mail = self.mails is not None
        template = "sessions/forgotten.html"
        return self.pages.show(context, template, has_mail=has_mail, is_sent=is_sent, email=email, failure=failure)

    def _form(self, context: RequestContext, token: str, link: Link, fields: Form) -> HTTPResponse:
        return self.pages.show(context, "sessions/password.html", token=token, fields=fields, email=link.user.email)


def _said(purpose: Purpose, ended_tokens: int) -> str:
    said = "Your password is set."
    if purpose is Purpose.RESET:
        said += " Wherever you were signed in before, you are signed out."
    if ended_tokens:
        one, several = "token that a program used no longer counts", "tokens that programs used no longer count"
        tokens = counted(ended_tokens, one, several)
        said += f" {tokens}: make new ones on your account page."
    return said


def _link(token: str, context: RequestContext) -> Link:
    link = one_time_links.find(token, context.now)
    if link is None:
        raise NotFoundError(_NO_LINK)
    return link
