"""The product in processes of its own, clients that record payments, and what became of these."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from threading import Event, Lock, Thread

from support.polling import is_so_within
from support.ports import free_port
from support.records import a_customer, a_user, an_invoice

from app.actions import api_tokens as token_actions
from app.domain.permissions import API_RIGHTS
from app.store.access.api_tokens import TokenFacts
from app.store.db import database as store_database
from app.store.db import tables

STARTS_WITHIN_SECONDS = 60
ENDS_WITHIN_SECONDS = 60
_LONGEST_ANSWER_SECONDS = 60
_PAUSE_SECONDS = 0.02


@dataclass(frozen=True)
class Process:
    """`invoices serve`, which leads a group of processes of its own."""

    popen: subprocess.Popen
    port: int

    def kill(self) -> None:
        """Send SIGKILL to each of its processes at once."""
        os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.wait()

    def terminate(self) -> None:
        """Send SIGTERM to the one that a container's engine would send it to."""
        self.popen.terminate()

    def has_ended(self) -> bool:
        return is_so_within(ENDS_WITHIN_SECONDS, lambda: self.popen.poll() is not None)


@contextmanager
def serving(url: str, data_dir, **environment: str):
    """Serve the database, whatever host and port the URL has, without a worker."""
    port = free_port()
    own = {"DATABASE_URL": url, "DATA_DIR": str(data_dir), "PORT": str(port), "API_REQUESTS_PER_MINUTE": "100000"}
    command = [sys.executable, "-m", "app.cli", "serve", "--no-worker"]
    log = (data_dir / f"server-{port}.log").open("w")
    popen = subprocess.Popen(
        command,
        env={**os.environ, "SERVER_WORKERS": "2", **own, **environment},
        stdout=log,
        stderr=log,
        process_group=0,
    )
    process = Process(popen, port)
    try:
        answers = is_so_within(STARTS_WITHIN_SECONDS, lambda: popen.poll() is not None or is_well(port))
        assert answers, "the server did not start"
        assert popen.poll() is None, (data_dir / f"server-{port}.log").read_text()
        yield process
    finally:
        if popen.poll() is None:
            process.kill()
        log.close()


def is_well(port: int, path: str = "/healthz") -> bool:
    try:
        return asked(port, "GET", path, timeout=5)[0] == 200
    except OSError:
        return False


def asked(port: int, method: str, path: str, body=None, *, timeout: float = _LONGEST_ANSWER_SECONDS, **headers: str):
    """Return status, headers and body; raises OSError or HTTPException where there is no whole answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None:
            sent["Content-Type"] = "application/json"
        connection.request(method, path, None if body is None else json.dumps(body), sent)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read().decode()
    finally:
        connection.close()


@dataclass(frozen=True)
class Ledger:
    """A database with one invoice for each client, and a token that may do everything."""

    url: str
    token: str
    invoices: tuple[int, ...]

    @classmethod
    def made(cls, url: str, clients: int) -> "Ledger":
        with opened(url):
            facts = TokenFacts("drill", API_RIGHTS, None)
            token = token_actions.create(facts, a_user(), datetime.now(UTC))
            a_customer()
            numbers = range(clients)
            return cls(url, token, tuple(an_invoice(f"D{n}", total_cents=100_000_000).id for n in numbers))

    def pay(self, port: int, invoice: int, key: str, *, timeout: float = _LONGEST_ANSWER_SECONDS):
        amounts = [{"invoice_id": invoice, "amount_cents": 1}]
        body = {"paid_on": "2026-03-02", "amounts": amounts, "method": "Transfer", "reference": key}
        headers = {"Authorization": f"Bearer {self.token}", "Idempotency_Key": key}
        return asked(port, "POST", "/api/v1/payments", body, timeout=timeout, **headers)

    def recorded(self) -> Counter:
        """Return how often each key was recorded."""
        with opened(self.url):
            return Counter(
                reference for (reference,) in tables.PaymentModel.select(tables.PaymentModel.reference).tuples()
            )


@contextmanager
def opened(url: str):
    database = store_database.open_database(url)
    with store_database.connection():
        yield database
    database.close_all() if hasattr(database, "close_all") else database.close()


@dataclass
class Load:
    """Clients that record payments one after the other, each on an invoice of its own, until `stop`.

    `ports` says where the next request goes; `retries` says which failures are sent again under their key.
    """

    ledger: Ledger
    ports: object
    retries: object = lambda outcome: False
    acknowledged: list = field(default_factory=list)
    failures: Counter = field(default_factory=Counter)
    successes_at: list = field(default_factory=list)
    requests: int = 0
    _lock: Lock = field(default_factory=Lock)
    _threads: list = field(default_factory=list)
    _over: Event = field(default_factory=Event)

    def start(self) -> "Load":
        self._threads = [Thread(target=self._run, args=(invoice,)) for invoice in self.ledger.invoices]
        for thread in self._threads:
            thread.start()
        return self

    def stop(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def has_recorded(self, count: int) -> bool:
        """Wait until so many payments more are acknowledged."""
        wanted = len(self.acknowledged) + count
        return is_so_within(_LONGEST_ANSWER_SECONDS, lambda: len(self.acknowledged) >= wanted, pause=0.02)

    def lost(self) -> list:
        recorded = self.ledger.recorded()
        return [key for key in self.acknowledged if key not in recorded]

    def twice(self) -> list:
        return [key for key, count in self.ledger.recorded().items() if count > 1]

    def longest_pause(self) -> float:
        """Return the longest time between two successes, in seconds."""
        moments = sorted(self.successes_at)
        return max(later - earlier for earlier, later in pairwise(moments))

    def _run(self, invoice: int) -> None:
        number = 0
        while not self._over.wait(_PAUSE_SECONDS):
            key = f"{invoice}-{number}"
            while not self._is_recorded(invoice, key) and not self._over.wait(_PAUSE_SECONDS):
                pass
            number += 1

    def _is_recorded(self, invoice: int, key: str) -> bool:
        """Return whether the client is done with the key: acknowledged, or not to be sent again."""
        outcome = self._outcome(invoice, key)
        with self._lock:
            self.requests += 1
            if outcome == 201:
                self.acknowledged.append(key)
                self.successes_at.append(time.monotonic())
                return True
            self.failures[str(outcome)] += 1
            return not self.retries(outcome)

    def _outcome(self, invoice: int, key: str):
        try:
            return self.ledger.pay(self.ports(), invoice, key)[0]
        except (OSError, http.client.HTTPException) as error:
            return type(error).__name__
