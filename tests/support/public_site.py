"""A site asked from outside over HTTPS, one connection for each request; and a load of them, with what was answered."""

import http.client
import json
import socket
import ssl
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from typing import Any

from tests.support.polling import is_so_within

_SECONDS = 30


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Site:
    """The site at an address under its name; `authority` is the certificate that vouches for its own."""

    address: str
    domain: str
    authority: str
    token: str = ""

    def ask(self, method: str, path: str, body: Any = None, *, seconds: float = _SECONDS, **headers: str) -> Answer:
        """Return the answer; raises OSError or HTTPException where there is none."""
        with (
            socket.create_connection((self.address, 443), timeout=seconds) as plain,
            # The handshake in here: else nobody closes what was made of the socket if the server goes meanwhile.
            _trusting(self.authority).wrap_socket(
                plain, server_hostname=self.domain, do_handshake_on_connect=False
            ) as secured,
        ):
            secured.do_handshake()
            connection = http.client.HTTPSConnection(self.domain, timeout=seconds)
            connection.sock = secured
            sent = {
                "Connection": "close",
                **({"Authorization": f"Bearer {self.token}"} if self.token else {}),
                **headers,
            }
            if body is not None:
                sent["Content-Type"] = "application/json"
            connection.request(method, path, json.dumps(body) if body is not None else None, sent)
            answer = connection.getresponse()
            return Answer(answer.status, answer.read())

    def pay(self, invoice_id: int, cents: int, key: str, *, seconds: float = _SECONDS) -> Answer:
        """Record a payment under a key of its own."""
        receipt = {
            "paid_on": "2026-06-01", "amounts": [{"invoice_id": invoice_id, "amount_cents": cents}],
            "reference": key, "keep_credit": True,
        }  # fmt: skip
        return self.ask("POST", "/api/v1/payments", receipt, seconds=seconds, **{"Idempotency-Key": key})


@cache
def _trusting(authority: str) -> ssl.SSLContext:
    trust = ssl.create_default_context()
    trust.load_verify_locations(cadata=authority)
    return trust


@dataclass
class Load:
    """Requests at a steady rate, from several threads, while the block runs; `acknowledged` are the keys of receipts
    that were answered as recorded, and `moments` when they were: a journal outside of the server."""

    site: Site
    invoice_id: int
    gets_a_second: int = 40
    posts_a_second: int = 10
    answers: Counter = field(default_factory=Counter)
    acknowledged: list[str] = field(default_factory=list)
    moments: dict[str, float] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    slowest: float = 0
    _threads: list[threading.Thread] = field(default_factory=list)
    _ended: threading.Event = field(default_factory=threading.Event)
    _numbers: Any = field(default_factory=count)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> "Load":
        for asked, rate in ((self._get, self.gets_a_second), (self._post, self.posts_a_second)):
            workers = max(2, rate // 4)
            for number in range(workers):
                thread = threading.Thread(target=self._repeat, args=(asked, workers / rate, number / rate), daemon=True)
                thread.start()
                self._threads.append(thread)
        return self

    def __exit__(self, *_error: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join(_SECONDS + 5)

    @property
    def total(self) -> int:
        with self._lock:
            return sum(self.answers.values())

    def goes_on(self, requests: int) -> None:
        """Return once that many more are answered; fails where they are not."""
        wanted = self.total + requests
        assert is_so_within(_SECONDS, lambda: self.total >= wanted), f"{self.total} answers, not {wanted}"

    def _repeat(self, ask: Any, period: float, first: float) -> None:
        due = time.monotonic() + first
        while not self._ended.wait(max(0, due - time.monotonic())):
            due += period
            began = time.monotonic()
            try:
                answer = ask()
                told, is_well = str(answer.status), answer.status in {200, 201}
                why = "" if is_well else answer.text[:200]
            except (OSError, http.client.HTTPException) as error:
                told, is_well, why = type(error).__name__, False, str(error)
            with self._lock:
                self.answers[told] += 1
                self.slowest = max(self.slowest, time.monotonic() - began)
                if not is_well:
                    self.failures.append(f"{time.strftime('%H:%M:%S')} {ask.__name__} {told} {why}")

    def _get(self) -> Answer:
        return self.site.ask("GET", "/api/v1/payments?limit=1")

    def _post(self) -> Answer:
        key = f"load-{id(self)}-{next(self._numbers)}"
        answer = self.site.pay(self.invoice_id, 1, key)
        if answer.status == 201:
            with self._lock:
                self.acknowledged.append(key)
                self.moments[key] = time.time()
        return answer
