"""Digests to mail and to a chat, once in their period."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from support.automated_stack import ANN
from support.polling import is_so_within

A_MINUTE = 60


@contextmanager
def chat():
    """A chat with an incoming webhook; yields its address and the texts that were posted."""
    texts = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            texts.append(json.loads(self.rfile.read(int(self.headers["content-length"])))["text"])
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_arguments):
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook", texts
    finally:
        server.shutdown()
        server.server_close()


def looks(stack, kind):
    return sum(f"GET /api/v1/digests/{kind}" in one for one in stack.proxy.seen)


def look_twice(stack, kind):
    """Wait until n8n asked for it two more times: what it did about the first is done then."""
    before = looks(stack, kind)
    assert is_so_within(A_MINUTE, lambda: looks(stack, kind) >= before + 2)


@pytest.fixture
def digests(stack):
    """Switch a digest on, and off again afterwards."""

    def switch_on(column, *, recipients=ANN, chat_url=""):
        stack.app.execute(
            f"UPDATE automation SET {column} = true, recipients = '{recipients}', chat_url = '{chat_url}'"
        )

    yield switch_on
    stack.app.execute("UPDATE automation SET overdue_digest = false, month_end_digest = false, chat_url = ''")
    stack.app.execute("DELETE FROM digests")


@pytest.mark.parametrize(
    ("column", "kind"), [("overdue_digest", "overdue"), ("month_end_digest", "month-end")], ids=["overdue", "month-end"]
)
def test_a_digest_that_is_due_goes_to_mail_and_chat_once_in_its_period(stack, digests, column, kind):
    sent_before = len(stack.smtp.mails)
    with chat() as (url, texts):
        digests(column, chat_url=url)
        assert is_so_within(A_MINUTE, lambda: any(f"{kind}/sent" in one for one in stack.proxy.seen))
        look_twice(stack, kind)

    digest = stack.app.ask(f"/digests/{kind}")
    mailed = [mail for _, mail in stack.smtp.mails[sent_before:]]
    assert [mail["Subject"] for mail in mailed] == [digest["subject"]]
    assert texts == [f"{digest['subject']}\n\n{digest['text']}"]


def test_a_digest_is_mailed_once_though_its_chat_cannot_be_reached(stack, digests):
    sent_before = len(stack.smtp.mails)
    notes = sum("overdue/sent" in one for one in stack.proxy.seen)
    digests("overdue_digest", chat_url="http://127.0.0.1:9/hook")

    assert is_so_within(A_MINUTE, lambda: sum("overdue/sent" in one for one in stack.proxy.seen) > notes)
    look_twice(stack, "overdue")
    assert len(stack.smtp.mails) == sent_before + 1
