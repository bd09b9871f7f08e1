"""Clients that record payments through a balancer all the time, each request under a key of its own."""

import http.client
import json
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import count, pairwise
from threading import Event, Lock, Thread
from typing import NamedTuple

from support.polling import is_so_within

ENTRIES_A_REQUEST = 10
_LONGEST_ANSWER_SECONDS = 60
_PAUSE_SECONDS = 0.05
_PAUSE_AFTER_FAILURE_SECONDS = 0.2


class Attempt(NamedTuple):
    began: float
    ended: float
    outcome: str


@dataclass(frozen=True)
class Seen:
    """What clients met from one moment to another."""

    began: float
    ended: float
    attempts: tuple[Attempt, ...]

    @property
    def failed(self) -> tuple[Attempt, ...]:
        return tuple(one for one in self.attempts if one.outcome != "201")

    @property
    def failures(self) -> Counter:
        return Counter(one.outcome for one in self.failed)

    @property
    def longest_pause(self) -> float:
        """Return the longest time without a success, in seconds."""
        moments = [self.began, *sorted(one.ended for one in self.attempts if one.outcome == "201"), self.ended]
        return max(later - earlier for earlier, later in pairwise(moments))

    def first_success_after(self, moment: float) -> float:
        """Return after how many seconds a request that began later was answered."""
        return min(one.ended for one in self.attempts if one.outcome == "201" and one.began > moment) - moment


@dataclass
class SteadyLoad:
    """Each client has invoices of its own, and sends what failed again under its key until it succeeds.

    A client that does not do so would see each of the failures.
    """

    port: int
    token: str
    invoices: tuple[tuple[int, ...], ...]
    acknowledged: set[str] = field(default_factory=set)
    _attempts: list[Attempt] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)
    _threads: list[Thread] = field(default_factory=list)
    _over: Event = field(default_factory=Event)

    def start(self) -> None:
        self._threads = [Thread(target=self._run, args=(one,)) for one in self.invoices]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def entries(self) -> int:
        """Return how many payments were acknowledged."""
        return len(self.acknowledged) * ENTRIES_A_REQUEST

    def goes_on(self, requests: int = 20, seconds: float = _LONGEST_ANSWER_SECONDS) -> bool:
        """Wait until so many requests more are acknowledged."""
        wanted = len(self.acknowledged) + requests
        return is_so_within(seconds, lambda: len(self.acknowledged) >= wanted, pause=0.05)

    def since(self, moment: float) -> Seen:
        with self._lock:
            return Seen(moment, time.monotonic(), tuple(one for one in self._attempts if one.ended >= moment))

    def _run(self, invoices: tuple[int, ...]) -> None:
        connection = self._connected()
        for number in count():
            key = f"{invoices[0]}-{number}"
            while not self._over.wait(_PAUSE_SECONDS):
                if self._is_recorded(connection, invoices, key):
                    break
                connection.close()
                self._over.wait(_PAUSE_AFTER_FAILURE_SECONDS)
            else:
                break
        connection.close()

    def _connected(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=_LONGEST_ANSWER_SECONDS)

    def _is_recorded(self, connection: http.client.HTTPConnection, invoices: tuple[int, ...], key: str) -> bool:
        began = time.monotonic()
        outcome = self._outcome(connection, invoices, key)
        with self._lock:
            self._attempts.append(Attempt(began, time.monotonic(), outcome))
            if outcome == "201":
                self.acknowledged.add(key)
        return outcome == "201"

    def _outcome(self, connection: http.client.HTTPConnection, invoices: tuple[int, ...], key: str) -> str:
        amounts = [{"invoice_id": invoice, "amount_cents": 1} for invoice in invoices]
        body = {"paid_on": "2026-03-02", "amounts": amounts, "method": "Transfer", "reference": key}
        headers = {
            "Authorization": f"Bearer {self.token}", "Idempotency-Key": key, "Content-Type": "application/json",
        }  # fmt: skip
        try:
            connection.request("POST", "/api/v1/payments", json.dumps(body), headers)
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException) as error:
            return type(error).__name__
        return str(answer.status)
