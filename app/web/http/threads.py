"""Threads of a server process: each request takes one, however slowly somebody sends it or reads the answer.

The proxy gathers forms and keeps short answers; long files go through, so they may take half of the threads.
"""

import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import BoundedSemaphore

from app.web.http.errors import BusyError

THREADS_A_WORKER = 8
_GATHERED_BYTES = 128_000  # `request_buffers` of the proxy

_SENDING = BoundedSemaphore(THREADS_A_WORKER // 2)
_RECEIVING = BoundedSemaphore(THREADS_A_WORKER // 2 - 1)


@dataclass(slots=True)
class ServerProcess:
    """`is_leaving` once it was asked to stop; the server that runs it says how that is known."""

    is_leaving: Callable[[], bool] = lambda: False


server_process = ServerProcess()


class SentFile:
    """The body of an answer; raises BusyError where no thread can be spared until its reader has it or hangs up."""

    def __init__(self, content: bytes) -> None:
        if not _SENDING.acquire(blocking=False):
            raise BusyError("Several files are being sent just now. Please try again in a moment.")
        self._content = content
        self.close = weakref.finalize(self, _SENDING.release)  # once, even if nobody ever reads it

    def __iter__(self) -> Iterator[bytes]:
        yield self._content


@contextmanager
def received_file(length: int) -> Iterator[None]:
    """Read a body of so many bytes in the block; raises BusyError where no thread can be spared until it is here."""
    if length <= _GATHERED_BYTES:
        yield
        return
    if not _RECEIVING.acquire(blocking=False):
        raise BusyError("Several files are being received just now. Please try again in a moment.")
    try:
        yield
    finally:
        _RECEIVING.release()
