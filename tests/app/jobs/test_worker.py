"""The guard that keeps a worker running for as long as the server lives."""

import os
import signal
import subprocess
import sys

import pytest

GUARD = """
import sys
from app.jobs.worker import keep_running

keep_running([sys.executable, "-u", "-c", "import os, time; print(os.getpid()); time.sleep(600)"])
"""


@pytest.fixture
def guard():
    """A guard over a worker that only tells its number."""
    with subprocess.Popen(
        [sys.executable, "-c", GUARD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        yield process
        process.kill()


def worker_of(guard):
    return int(guard.stdout.readline())


def test_a_worker_that_is_killed_is_started_again(guard):
    first = worker_of(guard)

    os.kill(first, signal.SIGKILL)

    assert worker_of(guard) != first


def test_the_worker_ends_when_the_server_has_gone(guard):
    worker = worker_of(guard)

    guard.stdin.close()

    assert guard.wait(timeout=20) == 0
    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)


def test_the_worker_ends_when_the_server_stops_it(guard):
    worker = worker_of(guard)

    guard.terminate()

    assert guard.wait(timeout=20) == 0
    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)


WORKER = """
from types import SimpleNamespace
from huey import MemoryHuey
from app.jobs import worker

heartbeat = SimpleNamespace(beat=lambda: print("alive", flush=True))
worker.run(MemoryHuey(), SimpleNamespace(enqueue_unfinished=lambda: None), heartbeat, 0.1)
"""


def test_the_worker_tells_that_it_is_alive_as_soon_as_it_works_and_from_then_on():
    with subprocess.Popen([sys.executable, "-c", WORKER], stdout=subprocess.PIPE, text=True) as worker:
        first, later = worker.stdout.readline(), worker.stdout.readline()
        worker.terminate()

    assert (first, later) == ("alive\n", "alive\n")
