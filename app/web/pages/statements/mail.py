"""A statement of account as a mail: its text to be read and changed, and the mail given to the worker."""

import re
import secrets
from dataclasses import dataclass
from urllib.parse import quote

from bottle import HTTPResponse

from app.actions import statement_mails
from app.domain.statement_mail import StatementMail
from app.jobs.mails import MailJobs
from app.store.ledger.statements.account import AccountStatement
from app.web.http.downloads import one_at_a_time
from app.web.http.errors import ConflictError
from app.web.http.forms import Form
from app.web.http.rendering import Pages
from app.web.http.request_context import RequestContext
from app.web.pages.statements.pdf import statement_pdf
from app.web.pages.statements.sheet import MissingLettersError
from app.web.pages.statements.wanted import StatementChoice
from app.web.pages.statements.words import about, mail_text, subject

_ADDRESS = re.compile(r"[^@\s,;:<>\"()\[\]\\]+@[^@\s,;:<>\"()\[\]\\]+")
_LONGEST_TEXT = 5_000


@dataclass(frozen=True, slots=True)
class StatementMails:
    pages: Pages
    mails: MailJobs | None

    def new(self, context: RequestContext, customer_id: int) -> HTTPResponse:
        fields = Form(context.query)
        return self._form(context, fields, StatementChoice.of(context, customer_id, fields))

    def create(self, context: RequestContext, customer_id: int) -> HTTPResponse:
        fields = Form(context.form)
        choice = StatementChoice.of(context, customer_id, fields)
        if self.mails is None:
            raise ConflictError("No mail is sent from here: set up SMTP_URL, or write with your own mail program.")
        recipient = _recipient(fields)
        key = fields.text("key", required=True, longest=64)
        title = fields.text("subject", required=True)
        text = fields.text("text", required=True, longest=_LONGEST_TEXT, lines=True)
        content = _attached(context, fields, choice.made(context)) if not fields.errors else b""
        if fields.errors:
            return self._form(context, fields, choice)
        closed_on, name = choice.wanted.closed_on, choice.made(context).file_name
        mail = StatementMail(key, customer_id, recipient, title, text, closed_on, f"{name}.pdf", content)
        self._send(self.mails, mail, context)
        flash = f"The statement is on its way to {recipient}."
        return self.pages.redirect(context, choice.address(), flash=flash)

    def _send(self, mails: MailJobs, mail: StatementMail, context: RequestContext) -> None:
        try:
            mail_id = statement_mails.ask(mail, context.user, context.now)
        except statement_mails.SentBeforeError as error:
            raise ConflictError(str(error)) from error
        if mail_id is not None:
            mails.send_statement(mail_id)

    def _form(self, context: RequestContext, fields: Form, choice: StatementChoice) -> HTTPResponse:
        made = choice.made(context)
        has_mail = self.mails is not None
        text, title = mail_text(made, context.locale, is_attached=has_mail), subject(made, context.locale)
        recipient = made.customer.details.email
        return self.pages.show(
            context,
            "customers/statement_mail.html",
            fields=fields,
            choice=choice,
            statement=made,
            about=about(made, context.locale.day),
            has_mail=has_mail,
            recipient=recipient,
            subject=title,
            text=text,
            longest_text=_LONGEST_TEXT,
            mailto=_mailto(recipient, title, text),
            key=fields.typed.get("key") or secrets.token_urlsafe(24),
        )


def _mailto(recipient: str, title: str, text: str) -> str:
    """Return the link by which a mail program opens the mail: RFC 6068."""
    lines = text.replace("\n", "\r\n")
    return f"mailto:{quote(recipient, safe='@')}?subject={quote(title, safe='')}&body={quote(lines, safe='')}"


def _recipient(fields: Form) -> str:
    recipient = fields.text("recipient", required=True, longest=254)
    if recipient and not _ADDRESS.fullmatch(recipient):
        fields.errors["recipient"] = "Please write one e-mail address, such as books@example.com."
    return recipient


def _attached(context: RequestContext, fields: Form, made: AccountStatement) -> bytes:
    """Return the PDF; where it lacks letters, an error beside the text names them."""
    try:
        with one_at_a_time():
            return statement_pdf(made, context.locale)
    except MissingLettersError as error:
        fields.errors["text"] = str(error)
        return b""
