"""A real mail server on a free port of this machine, and the inbox of what it was handed."""

from contextlib import contextmanager
from email import message_from_bytes, policy

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP


class Inbox:
    """Keeps what the server was handed; `answer` is what the server says to a mail, `to_address` to its recipient."""

    def __init__(self):
        self.mails = []
        self.answer = "250 OK"
        self.to_address = "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        if self.to_address.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.to_address

    async def handle_DATA(self, server, session, envelope):
        if self.answer.startswith("250"):
            self.mails.append((envelope.rcpt_tos, message_from_bytes(envelope.content, policy=policy.default)))
        return self.answer


@contextmanager
def mail_server(inbox, host="127.0.0.1", port=0):
    """Yield the server's URL, as SMTP_URL has it."""
    controller = _OnFreePort(inbox, hostname=host, port=port)
    controller.start()
    host, port = controller.server.sockets[0].getsockname()
    try:
        yield f"smtp://{host}:{port}"
    finally:
        controller.stop()


class _OnFreePort(Controller):
    def factory(self):
        return SMTP(self.handler)

    def _trigger_server(self):
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()
