"""A throw-away Redis of this machine's own, which can be stopped and started again over its data."""

import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from support.polling import is_so_within
from support.ports import free_port

_STARTS_WITHIN_SECONDS = 20


class RedisServer:
    """A server on a port of 127.0.0.1 that stays the same; it keeps what it is told in a file."""

    def __init__(self, folder: Path, options: tuple[str, ...]) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._folder = folder
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        words = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self._folder), "--save", ""]
        log = ["--appendonly", "yes", "--appendfsync", "always", "--logfile", str(self._folder / "log")]
        self._process = subprocess.Popen(["redis-server", *words, *log, *self._options])
        _wait_until_it_answers(self._process, self.port)

    def stop(self) -> None:
        """End it at once, as a machine that loses power does; what was acknowledged stays."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """Let it answer nothing any more, though it takes connections."""
        if self._process:
            self._process.send_signal(signal.SIGSTOP)


@contextmanager
def running_redis(*options: str) -> Iterator[RedisServer]:
    """Start a server with these options besides, and stop it in the end; skips the test where there is none."""
    if not shutil.which("redis-server"):
        pytest.skip("Redis is not installed (apt-get install redis-server)")
    folder = Path(tempfile.mkdtemp(prefix="redis-"))
    server = RedisServer(folder, options)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _wait_until_it_answers(process: subprocess.Popen[bytes], port: int) -> None:
    with redis.Redis(port=port, retry=Retry(NoBackoff(), 0)) as asking:
        ended_or_answers = is_so_within(_STARTS_WITHIN_SECONDS, lambda: process.poll() is not None or _answers(asking))
    assert ended_or_answers, "redis-server does not answer"
    assert process.poll() is None, "redis-server did not start"


def _answers(asking: redis.Redis) -> bool:
    """Say whether it answers, if only to ask for a password; a refused connection: it is not there yet."""
    try:
        asking.ping()
    except redis.AuthenticationError:
        return True
    except redis.ConnectionError:
        return False
    return True
