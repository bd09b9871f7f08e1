"""The worker's mail jobs: links to choose a password, for who forgot it and who is invited."""

import logging
import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import localtime, make_msgid, parseaddr
from functools import partial
from ipaddress import ip_address
from urllib.parse import SplitResult, unquote, urlsplit

from huey import Huey

from app.actions import passwords
from app.domain.firm import Firm
from app.settings import AppSettings
from app.store.access import users
from app.store.access.one_time_links import Purpose
from app.store.db.database import connection
from app.store.ledger import firm

_SECONDS = 30
_SUBMISSION_PORT = 587
_RETRIES = 5
_SECONDS_BETWEEN = 60

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class MailServer:
    """At an smtp:// URL (with STARTTLS, except on this machine) or an smtps:// URL."""

    url: str
    sender: str

    def send(self, to: str, subject: str, text: str, sender_name: str = "") -> None:
        """Raise OSError or SMTPException if the plain-text mail cannot be sent."""
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self._called(sender_name), to, subject
        message["Date"], message["Message-ID"] = (
            localtime(),
            make_msgid(domain=parseaddr(self.sender)[1].rpartition("@")[2]),
        )
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text)
        parts, context = urlsplit(self.url), ssl.create_default_context()
        with _connected(parts, context) as server:
            if parts.scheme == "smtp" and (_is_elsewhere(parts) or parts.username or _offers_tls(server)):
                # Raises SMTPNotSupportedError: no password, and no link that is as good as one, is sent unencrypted.
                server.starttls(context=context)
            if parts.username:
                server.login(unquote(parts.username), unquote(parts.password or ""))
            server.send_message(message)

    def _called(self, name: str) -> str | Address:
        """Return the sender under the name, or as the settings of the server have it."""
        return Address(name, addr_spec=parseaddr(self.sender)[1]) if name else self.sender


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
    """The worker creates the links, so that no token is ever in the queue."""

    def __init__(
        self, queue: Huey, server: MailServer, public_url: str, unsaved_firm: Firm, now: Callable[[], datetime]
    ) -> None:
        self._server = server
        self._unsaved_firm = unsaved_firm
        self._public_url = public_url
        self._now = now
        task = partial(queue.task, retries=_RETRIES, retry_delay=_SECONDS_BETWEEN)
        self.send_reset_link = task(name="send_reset_link")(self.send_now)
        self.send_invitation = task(name="send_invitation")(self.invite_now)

    @classmethod
    def where_set_up(cls, queue: Huey, settings: AppSettings, now: Callable[[], datetime]) -> "MailJobs | None":
        """Return None if no mail server is configured."""
        if not settings.smtp_url:
            return None
        return cls(
            queue, MailServer(settings.smtp_url, settings.mail_from), settings.public_url, settings.unsaved_firm, now
        )

    def send_now(self, email: str) -> None:
        self._send(email, Purpose.RESET)

    def invite_now(self, email: str) -> None:
        self._send(email, Purpose.INVITE)

    def _send(self, email: str, purpose: Purpose) -> None:
        with connection():
            user = users.find_by_email(email)
            if user is None or not user.active:
                log.info("no link is sent to an address that nobody has who may sign in")
                return
            token = passwords.make_mailed_link(user.id, purpose, self._now())
            name = firm.current(self._unsaved_firm).name
        link = f"{self._public_url}/set-password?token={token}"
        subject, text = _MAILS[purpose]
        text = text.format(site=self._public_url, link=link)
        self._server.send(user.email, subject.format(name or "Receivables"), text, name)
        log.info("user %s was sent a link", user.id)


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

_MAILS = {
    Purpose.RESET: ("A new password for {}", _RESET),
    Purpose.INVITE: ("Your invitation to {}", _INVITATION),
}
