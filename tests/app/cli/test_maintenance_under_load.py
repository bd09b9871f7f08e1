"""Once `invoices maintenance on` has returned nothing is written any more, however many were writing."""

import json
import os
import sqlite3
import threading
import urllib.error
import urllib.request
from contextlib import closing
from itertools import count

import pytest
from support import command_line
from support.server import running_server

WRITERS = 4


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SERVER_WORKERS", "2")
        patch.setenv("API_REQUESTS_PER_MINUTE", "100000")
        with running_server(tmp_path_factory.mktemp("data")) as running:
            yield running


def invoices(server, *words):
    done = command_line.run({**os.environ, "DATA_DIR": str(server.data_dir)}, *words)
    assert done.returncode == 0, done.stderr
    return done.stdout


class Program:
    """Enters customers as fast as it can, until maintenance refuses one."""

    numbers = count(1)

    def __init__(self, server):
        words = ("--email", server.email, "--name", "load", "--rights", "edit")
        self._token = invoices(server, "create-token", *words).split()[-1]
        self._address = server.address
        self.acknowledged = []
        self.has_begun = threading.Event()

    def work(self):
        kind = ""
        while kind != "/api#maintenance":
            code = f"L{next(self.numbers)}"
            kind = self._enter(code)
            if not kind:
                self.acknowledged.append(code)
                self.has_begun.set()

    def _enter(self, code):
        """Return the kind of problem, empty if it was stored."""
        headers = {
            "Authorization": f"Bearer {self._token}",
            "Content-Type": "application/json",
            "Idempotency-Key": code,
        }
        body = json.dumps({"code": code, "name": code}).encode()
        sent = urllib.request.Request(f"{self._address}/api/v1/customers", body, headers)
        try:
            with urllib.request.urlopen(sent, timeout=60):
                return ""
        except urllib.error.HTTPError as refused:
            return json.loads(refused.read())["type"]


def stored(server):
    with closing(sqlite3.connect(server.data_dir / "invoices.sqlite3")) as database:
        return {code for (code,) in database.execute("SELECT code FROM customers WHERE code LIKE 'L%'")}


def test_what_was_acknowledged_is_there_and_nothing_comes_after(server):
    programs = [Program(server) for _ in range(WRITERS)]
    threads = [threading.Thread(target=program.work) for program in programs]
    for thread in threads:
        thread.start()
    for program in programs:
        assert program.has_begun.wait(30)

    invoices(server, "maintenance", "on", "--minutes", "5")
    when_it_had_begun = stored(server)
    for thread in threads:
        thread.join(30)

    assert [thread.is_alive() for thread in threads] == [False] * WRITERS
    assert stored(server) == when_it_had_begun
    assert {code for program in programs for code in program.acknowledged} <= when_it_had_begun
