"""Links to choose a password, for invited users and for forgotten passwords, and requests for one by mail."""

import logging
from dataclasses import dataclass

from bottle import HTTPResponse

from app.actions import passwords
from app.jobs.mails import MailJobs
from app.store.access import one_time_links
from app.store.access.one_time_links import Link
from app.web.auth.throttling import Attempt
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

    def show(self, context: RequestContext) -> HTTPResponse:
        """Render the form for the new password; raises NotFoundError for an invalid link."""
        token = context.query.get("token", "")
        return self._form(context, token, _link(token, context), Form({}))

    def use(self, context: RequestContext) -> HTTPResponse:
        """Set the password and end all logins of the user; a link works once, and a second factor is still required."""
        token, fields = context.form.get("token", ""), Form({})
        link = _link(token, context)
        password_hash = hash_of_chosen(context, fields, link.user)
        if fields.errors:
            return self._form(context, token, link, fields)
        ended_tokens = passwords.change_by_link(token, link, password_hash, context.now)
        if ended_tokens is None:
            raise NotFoundError(_NO_LINK)
        log.info("user %s chose a password by a link", link.user.id)
        return self.pages.show(context, "sessions/password_set.html", email=link.user.email, ended_tokens=ended_tokens)

    def ask(self, context: RequestContext) -> HTTPResponse:
        """Render the form to request a link; without mail it names who can help."""
        return self.pages.show(context, "sessions/forgotten.html", has_mail=self.mails is not None, is_sent=False)

    def send(self, context: RequestContext) -> HTTPResponse:
        """Queue a mail with a link if the user exists; the response is the same for every address."""
        if self.mails is None:
            return self.ask(context)
        email = Form(context.form).text("email")
        Attempt.at_mail(email, context).begin(context, None)
        self.mails.send_reset_link(email)
        return self.pages.show(context, "sessions/forgotten.html", has_mail=True, is_sent=True)

    def _form(self, context: RequestContext, token: str, link: Link, fields: Form) -> HTTPResponse:
        return self.pages.show(context, "sessions/password.html", token=token, fields=fields, email=link.user.email)


def _link(token: str, context: RequestContext) -> Link:
    link = one_time_links.find(token, context.now)
    if link is None:
        raise NotFoundError(_NO_LINK)
    return link
