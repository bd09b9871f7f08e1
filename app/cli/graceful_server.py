"""Gunicorn that loses no request as it ends: it answers on while a balancer learns of it, and takes what waits."""

import mmap
import signal
import socket
import time
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.workers.base import Worker
from gunicorn.workers.gthread import ThreadWorker

from app.web.http.threads import server_process


class Leaving:
    """Whether the server was asked to stop, as all of its processes see it."""

    def __init__(self) -> None:
        self._shared = mmap.mmap(-1, 1)

    def begin(self) -> None:
        self._shared[0] = 1

    @property
    def has_begun(self) -> bool:
        return bool(self._shared[0])

    def watch(self, worker: Worker) -> None:
        """Let this process say that it leaves, once the server does or the worker was asked to stop."""
        server_process.is_leaving = lambda: self.has_begun or not worker.alive


class LeavingArbiter(Arbiter):
    """Goes on for `leave_seconds` after SIGTERM, and says meanwhile that it leaves; a second one ends it at once."""

    def __init__(self, application: BaseApplication, leaving: Leaving, leave_seconds: int) -> None:
        self._leaving = leaving
        self._leave_seconds = leave_seconds
        self._ends_at = float("inf")
        super().__init__(application)

    def handle_term(self) -> None:
        if self._leaving.has_begun or not self._leave_seconds:
            super().handle_term()
        self._leaving.begin()
        self._ends_at = time.monotonic() + self._leave_seconds

    def wait_for_signals(self, timeout: float = 1.0) -> list[Any]:
        signals: list[Any] = super().wait_for_signals(timeout)
        return signals if time.monotonic() < self._ends_at else [*signals, signal.SIGTERM]


class DrainingWorker(ThreadWorker):
    """Takes the connections that wait to be accepted before it closes the socket: the kernel would reset them."""

    def __init__(self, *options: object) -> None:
        super().__init__(*options)
        self._open_listeners: list[socket.socket] = list(self.sockets)

    def set_accept_enabled(self, enabled: bool) -> None:  # noqa: FBT001  # Gunicorn calls it so
        super().set_accept_enabled(enabled)
        if not enabled and not self.alive:
            while self._open_listeners:  # Gunicorn may call it twice
                listener = self._open_listeners.pop()
                self._accept_all(listener)
                listener.close()  # once all processes did, a client that connects is refused, and can try elsewhere

    def _accept_all(self, listener: socket.socket) -> None:
        before = -1
        while before != self.nr_conns:
            before = self.nr_conns
            self.accept(listener)
