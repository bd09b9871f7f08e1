"""The worker: takes jobs from the queue until it is told to stop."""

import logging
import os
import signal
import subprocess
import sys
import threading
import time

from huey import Huey
from huey.consumer import Consumer

from app.jobs.heartbeat import Heartbeat
from app.jobs.imports import ImportJobs
from app.jobs.job_queue import see_that_it_answers

_LONGEST_WAIT_SECONDS = 1.0  # how often the database is asked for jobs
_LONGEST_WAIT_FOR_REDIS_SECONDS = 10.0  # how often one that has gone is, and each time fills a page of the log
_PAUSE_BEFORE_RESTART_SECONDS = 1.0

log = logging.getLogger(__name__)


def run(queue: Huey, jobs: ImportJobs, heartbeat: Heartbeat) -> None:
    """Work until a signal comes; raises QueueUnavailableError where there is nothing to take work from."""
    see_that_it_answers(queue)
    jobs.enqueue_unfinished()
    _Consumer(queue, heartbeat).run()


def keep_running(command: list[str]) -> None:
    """Run the command, again whenever it ends, until standard input is closed: whoever holds its other end has gone."""
    guard = _Guard()
    signal.signal(signal.SIGTERM, guard.stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_stop_with_parent, daemon=True).start()
    while not guard.is_stopping:
        code = guard.run(command)
        if not guard.is_stopping:
            log.warning("the worker ended with %s and is started again", code)
            time.sleep(_PAUSE_BEFORE_RESTART_SECONDS)


class _Consumer(Consumer):  # type: ignore[misc]  # huey is untyped
    """Huey's consumer, whose heart beats each time it has looked after the threads that work for it."""

    def __init__(self, queue: Huey, heartbeat: Heartbeat) -> None:
        longest = _LONGEST_WAIT_FOR_REDIS_SECONDS if queue.storage.blocking else _LONGEST_WAIT_SECONDS
        super().__init__(queue, workers=1, scheduler_interval=30, max_delay=longest)
        self._heartbeat = heartbeat

    def start(self) -> None:
        super().start()
        self._heartbeat.beat()

    def check_worker_health(self) -> bool:
        all_lived: bool = super().check_worker_health()
        self._heartbeat.beat()
        return all_lived


class _Guard:
    """Holds the running worker, to be ended by a signal that comes while it is waited for."""

    def __init__(self) -> None:
        self.is_stopping = False
        self._worker: subprocess.Popen[bytes] | None = None

    def run(self, command: list[str]) -> int:
        with subprocess.Popen(command, stdin=subprocess.DEVNULL) as self._worker:
            return self._worker.wait()

    def stop(self, *_: object) -> None:
        self.is_stopping = True
        if self._worker:
            self._worker.terminate()


def _stop_with_parent() -> None:
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)
