"""The worker's mail jobs: links to choose a password, and statements of account."""

import logging
import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import localtime, make_msgid, parseaddr
from functools import partial
from ipaddress import ip_address
from urllib.parse import SplitResult, unquote, urlsplit

from huey import Huey
from peewee import PeeweeException

from app.actions import link_mails as link_mail_actions
from app.actions import passwords
from app.actions import statement_mails as statement_mail_actions
from app.domain.firm import Firm
from app.domain.permissions import Role
from app.domain.statement_mail import StatementMail
from app.jobs.job_counts import DONE, FAILED
from app.jobs.job_queue import QueueUnavailableError
from app.settings import AppSettings
from app.store.access import users
from app.store.access.one_time_links import Purpose
from app.store.access.users import User
from app.store.db.after_commit import after_commit
from app.store.db.current_user import Actor, acting_as
from app.store.db.database import connection
from app.store.ledger import firm
from app.store.ledger.statements import mails as statement_mails
from app.store.ledger.statements.mails import StoredStatementMail
from app.store.outbox import link_mails
from app.store.outbox.link_mails import LinkMail

_SECONDS = 30
_SUBMISSION_PORT = 587
_REFUSED_FOR_GOOD = 500  # and above: RFC 5321, 4.2.1
_LONGEST_ANSWER = 200

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class MailServer:
    """At an smtp:// URL (with STARTTLS, except on this machine) or an smtps:// URL."""

    url: str
    sender: str

    def send(self, to: str, subject: str, text: str, sender_name: str = "") -> None:
        """Raise OSError or SMTPException if the plain-text mail cannot be sent."""
        message = self._message(to, subject, text, sender_name)
        message["Auto-Submitted"] = "auto-generated"
        self._deliver(message)

    def send_statement(self, mail: StatementMail, sender_name: str, answers_to: str) -> None:
        """Send it with its PDF; raises OSError or SMTPException if it cannot be sent."""
        message = self._message(mail.recipient, mail.subject, mail.text, sender_name)
        if "@" in answers_to:
            message["Reply-To"] = answers_to
        message.add_attachment(mail.content, maintype="application", subtype="pdf", filename=mail.file_name)
        self._deliver(message)

    def _message(self, to: str, subject: str, text: str, sender_name: str) -> EmailMessage:
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self._called(sender_name), to, subject
        message["Date"], message["Message-ID"] = (
            localtime(),
            make_msgid(domain=parseaddr(self.sender)[1].rpartition("@")[2]),
        )
        message.set_content(text)
        return message

    def _deliver(self, message: EmailMessage) -> None:
        parts, context = urlsplit(self.url), ssl.create_default_context()
        with _session(parts, context) as server:
            if parts.scheme == "smtp" and (_is_elsewhere(parts) or parts.username or _offers_tls(server)):
                # Raises SMTPNotSupportedError: no password, and no link that is as good as one, is sent unencrypted.
                server.starttls(context=context)
            if parts.username:
                server.login(unquote(parts.username), unquote(parts.password or ""))
            server.send_message(message)

    def _called(self, name: str) -> str | Address:
        """Return the sender under the name, or as the settings of the server have it."""
        return Address(name, addr_spec=parseaddr(self.sender)[1]) if name else self.sender


@contextmanager
def _session(parts: SplitResult, context: ssl.SSLContext) -> Iterator[smtplib.SMTP]:
    """Take leave at the end; a server that is rude then has the mail all the same."""
    server = _connected(parts, context)
    try:
        yield server
    finally:
        with suppress(OSError, smtplib.SMTPException):
            server.quit()
        server.close()


def _connected(parts: SplitResult, context: ssl.SSLContext) -> smtplib.SMTP:
    host = str(parts.hostname)
    if parts.scheme == "smtps":
        return smtplib.SMTP_SSL(host, parts.port or smtplib.SMTP_SSL_PORT, timeout=_SECONDS, context=context)
    return smtplib.SMTP(host, parts.port or _SUBMISSION_PORT, timeout=_SECONDS)


def _is_elsewhere(parts: SplitResult) -> bool:
    """Return whether mail leaves this machine on its way to the server."""
    try:
        return not ip_address(str(parts.hostname)).is_loopback
    except ValueError:
        return parts.hostname != "localhost"


def _offers_tls(server: smtplib.SMTP) -> bool:
    server.ehlo()
    return server.has_extn("starttls")


class MailJobs:
    """The worker creates the links, so that no token is ever stored or in the queue; of a mail only the id is."""

    def __init__(
        self,
        queue: Huey,
        server: MailServer,
        public_url: str,
        unsaved_firm: Firm,
        now: Callable[[], datetime],
        *,
        roles_by_provider: frozenset[Role] = frozenset(),
        provider_name: str = "",
    ) -> None:
        """Users of the `roles_by_provider` sign in by the provider of that name only."""
        self._server = server
        self._unsaved_firm = unsaved_firm
        self._public_url = public_url
        self._now = now
        self._roles_by_provider = roles_by_provider
        self._provider_name = provider_name
        self._link_task = queue.task(name="send_links")(self.send_due_links)
        self._statement_task = queue.task(name="send_statement")(self.send_statement_now)
        # They send what is tried again, and what was lost with a connection or the worker.
        queue.periodic_task(self._is_any_link_due, name="send_due_links")(self.send_due_links)
        queue.periodic_task(self._is_any_due, name="send_due_statements")(self.send_due_statements)
        queue.periodic_task(self._is_any_old, name="delete_old_links")(self.delete_old_links)

    @classmethod
    def where_set_up(cls, queue: Huey, settings: AppSettings, now: Callable[[], datetime]) -> "MailJobs | None":
        """Return None if no mail server is configured."""
        if not settings.smtp_url:
            return None
        return cls(
            queue,
            MailServer(settings.smtp_url, settings.mail_from),
            settings.public_url,
            settings.unsaved_firm,
            now,
            roles_by_provider=settings.roles_by_provider,
            provider_name=settings.oidc_name,
        )

    def send_links(self) -> None:
        """Have the mails with links sent at once that were asked for."""
        try:
            self._link_task()
        except (QueueUnavailableError, PeeweeException) as error:
            # The periodic task will send them: the request was committed and must not appear to have failed.
            log.warning("mails with links wait until the worker looks for what is due: %s", error)

    def _is_any_link_due(self, _minute: datetime) -> bool:
        """Ask before anything is queued: what is queued is written, and each write of an idle server is archived."""
        return bool(self._due_links())

    def _due_links(self) -> list[int]:
        with connection():
            return link_mails.queue.due(self._now())

    def send_due_links(self) -> str:
        outcomes = {self._send_link_now(mail_id) for mail_id in self._due_links()}
        return FAILED if FAILED in outcomes else DONE

    def _send_link_now(self, mail_id: int) -> str:
        with connection(), acting_as(Actor(program="the worker")):
            mail = link_mail_actions.begin(mail_id, self._now())
            if mail is None:
                return DONE
            user, purpose = users.find_by_email(mail.email), Purpose(mail.purpose)
            if user is None or not user.active or user.is_program or self._is_of_no_use(user, purpose):
                log.info("no link is sent to an address of which no user may sign in by it")
                link_mail_actions.drop(mail)
                return DONE
            return self._send_link_to(user, purpose, mail)

    def _send_link_to(self, user: User, purpose: Purpose, mail: LinkMail) -> str:
        """Return the outcome; an error of the database is raised, and the mail is taken up again after some minutes."""
        name = firm.current(self._unsaved_firm).name
        subject, text = _SUBJECTS[purpose], self._text_for(user, purpose)
        try:
            self._server.send(user.email, subject.format(name or "Receivables"), text, name)
        except Exception as error:  # noqa: BLE001  # it ends this mail, and not the worker
            self._put_off_link(mail, error)
            return FAILED
        link_mail_actions.finish(mail, self._now())
        log.info("user %s was sent a link", user.id)
        return DONE

    def _is_of_no_use(self, user: User, purpose: Purpose) -> bool:
        return purpose is Purpose.RESET and user.role in self._roles_by_provider

    def _text_for(self, user: User, purpose: Purpose) -> str:
        if user.role in self._roles_by_provider:
            return _INVITATION_TO_PROVIDER.format(site=self._public_url, provider=self._provider_name, email=user.email)
        token = passwords.make_mailed_link(user.id, purpose, self._now())
        return _TEXTS[purpose].format(site=self._public_url, link=f"{self._public_url}/set-password?token={token}")

    def _put_off_link(self, mail: LinkMail, error: Exception) -> None:
        if _is_passing(error):
            log.warning("link mail %s is tried again later (%s)", mail.id, type(error).__name__)
            link_mail_actions.put_off(mail, _why(error), self._now())
            return
        log.error("link mail %s cannot be sent", mail.id, exc_info=error)
        link_mail_actions.give_up(mail, _why(error), self._now())

    def _is_any_old(self, _minute: datetime) -> bool:
        with connection():
            return link_mails.has_old(self._now())

    def delete_old_links(self) -> None:
        with connection():
            link_mail_actions.prune(self._now())

    def send_statement(self, mail_id: int) -> None:
        """Enqueue it after the transaction commits, so that the worker sees it."""
        after_commit(partial(self._put_statement, mail_id))

    def _put_statement(self, mail_id: int) -> None:
        try:
            self._statement_task(mail_id)
        except (QueueUnavailableError, PeeweeException) as error:
            # `send_due_statements` will send it: the request was committed and must not appear to have failed.
            log.warning("statement mail %s waits until the worker looks for what is due: %s", mail_id, error)

    def _is_any_due(self, _minute: datetime) -> bool:
        """Ask before anything is queued: what is queued is written, and each write of an idle server is archived."""
        return bool(self._due())

    def send_due_statements(self) -> None:
        for mail_id in self._due():
            self.send_statement_now(mail_id)

    def _due(self) -> list[int]:
        with connection():
            return statement_mails.queue.due(self._now())

    def send_statement_now(self, mail_id: int) -> str:
        """Send it unless it is sent or being sent; what goes wrong is recorded in the customer's history."""
        with connection(), acting_as(Actor(program="the worker")):
            stored = statement_mail_actions.begin(mail_id, self._now())
            if stored is None:
                return DONE
            sender = firm.current(self._unsaved_firm)
            try:
                self._server.send_statement(stored.mail, sender.name, sender.email)
            except Exception as error:  # noqa: BLE001  # it ends this mail, and not the worker
                self._take_back(stored, error)
                return FAILED
            statement_mail_actions.finish(stored, self._now())
            log.info("statement mail %s was sent", mail_id)
            return DONE

    def _take_back(self, stored: StoredStatementMail, error: Exception) -> None:
        if _is_passing(error):
            log.warning("statement mail %s is tried again later (%s)", stored.id, type(error).__name__)
            statement_mail_actions.put_off(stored, _why(error), self._now())
            return
        if not isinstance(error, (OSError, smtplib.SMTPException)):
            log.error("statement mail %s cannot be sent", stored.id, exc_info=error)
        statement_mail_actions.give_up(stored, _why(error), self._now())


def _is_passing(error: Exception) -> bool:
    """Return whether another try may go better."""
    return isinstance(error, (OSError, smtplib.SMTPException)) and not _is_final(error)


def _is_final(error: Exception) -> bool:
    """Return whether the server says that trying again is of no use."""
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return True
    code = _answer_of(error)[0]
    return code >= _REFUSED_FOR_GOOD


def _why(error: Exception) -> str:
    """Return it as a clause; what the server said ends it."""
    code, said = _answer_of(error)
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return f"the mail server refused the address ({code} {said})"
    if code:
        return f"the mail server refused the mail ({code} {said})"
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return "the mail server offers no encryption, or takes no address with such letters"
    if isinstance(error, (OSError, smtplib.SMTPException)):
        return "the mail server cannot be reached"
    return "the address or the subject cannot be written into a mail"


def _answer_of(error: Exception) -> tuple[int, str]:
    """Return the code and the text of the server's answer, 0 if it gave none."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return next((code, _told(said)) for code, said in error.recipients.values())
    if isinstance(error, smtplib.SMTPResponseException):
        return error.smtp_code, _told(error.smtp_error)
    return 0, ""


def _told(said: bytes | str) -> str:
    text = said if isinstance(said, str) else said.decode(errors="replace")
    return " ".join(text.split())[:_LONGEST_ANSWER]


_RESET = """\
Somebody, probably you, asked for a new password at {site}.

This link lets you choose one. It works once, within 30 minutes:

{link}

If it was not you, there is nothing to do: your password stays as it is.
"""

_INVITATION = """\
You are invited to {site}.

This link lets you choose your password. It works once, within 7 days:

{link}

If you do not know what this is about, there is nothing to do.
"""

_INVITATION_TO_PROVIDER = """\
You are invited to {site}.

Open that address, choose "Sign in with {provider}", and sign in there as {email}.

If you do not know what this is about, there is nothing to do.
"""

_TEXTS = {Purpose.RESET: _RESET, Purpose.INVITE: _INVITATION}
_SUBJECTS = {Purpose.RESET: "A new password for {}", Purpose.INVITE: "Your invitation to {}"}
