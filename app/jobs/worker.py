"""The worker process: runs jobs from the queue until it receives a signal."""

import logging
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from datetime import datetime
from functools import partial

from huey import Huey
from huey.consumer import Consumer, Scheduler, Worker

from app.jobs.heartbeat import Heartbeat
from app.jobs.imports import ImportJobs
from app.jobs.job_queue import check_connection
from app.maintenance import MaintenanceSwitch, UnderMaintenanceError
from app.process_state import StateUnavailableError
from app.store.db.held_locks import HeldLock
from app.workbook.reading.limits import MEGABYTE

_LONGEST_WAIT_SECONDS = 1.0  # the longest interval between polls of the database
_LONGEST_WAIT_FOR_REDIS_SECONDS = 10.0  # between retries while Redis is down: each one logs a long traceback
_PAUSE_BEFORE_RESTART_SECONDS = 1.0
_SECONDS_BETWEEN_CHECKS = 10.0  # of the worker threads
_SECONDS_BEFORE_ASKING_AGAIN = 10.0  # whether another worker still owns the scheduled work

log = logging.getLogger(__name__)


def limit_memory(megabytes: int) -> None:
    """Have this process meet a MemoryError at so many megabytes, which ends a job, before it is killed for taking more.

    Processes that it starts are limited alike.
    """
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    limit = megabytes * MEGABYTE if most == resource.RLIM_INFINITY else min(megabytes * MEGABYTE, most)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def run(
    queue: Huey,
    jobs: ImportJobs,
    heartbeat: Heartbeat,
    maintenance: MaintenanceSwitch,
    scheduling: HeldLock,
    seconds_between_checks: float = _SECONDS_BETWEEN_CHECKS,
) -> None:
    """Run jobs until a signal is received, and put scheduled work into the queue while `scheduling` is ours.

    Raises QueueUnavailableError if the queue cannot be reached.
    """
    check_connection(queue)
    if not maintenance.current:  # they are looked for each minute anyway
        jobs.enqueue_unfinished()
    _Consumer(queue, heartbeat, maintenance, scheduling, seconds_between_checks).run()


def keep_running(command: list[str]) -> None:
    """Restart the command whenever it ends, until the parent process closes our standard input."""
    guard = _Guard()
    signal.signal(signal.SIGTERM, guard.stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_stop_with_parent, daemon=True).start()
    while not guard.is_stopping:
        code = guard.run(command)
        if not guard.is_stopping:
            log.warning("the worker ended with %s and is started again", code)
            time.sleep(_PAUSE_BEFORE_RESTART_SECONDS)


class _Consumer(Consumer):
    def __init__(
        self,
        queue: Huey,
        heartbeat: Heartbeat,
        maintenance: MaintenanceSwitch,
        scheduling: HeldLock,
        seconds_between_checks: float,
    ) -> None:
        self.worker_class = partial(_PausingWorker, maintenance)
        self.scheduler_class = partial(_OwningScheduler, maintenance, scheduling)
        longest = _LONGEST_WAIT_FOR_REDIS_SECONDS if queue.storage.blocking else _LONGEST_WAIT_SECONDS
        super().__init__(
            queue, workers=1, scheduler_interval=30, max_delay=longest, health_check_interval=seconds_between_checks
        )
        self._heartbeat = heartbeat

    def start(self) -> None:
        super().start()
        self._heartbeat.beat()

    def check_worker_health(self) -> bool:
        is_healthy: bool = super().check_worker_health()
        self._heartbeat.beat()
        return is_healthy


class _PausingWorker(Worker):
    """Begins no job during maintenance, which waits for the one that was begun."""

    def __init__(self, maintenance: MaintenanceSwitch, **settings: object) -> None:
        super().__init__(**settings)
        self._maintenance = maintenance

    def loop(self, now: datetime | None = None) -> None:
        try:
            with self._maintenance.writing():
                super().loop(now)
        except UnderMaintenanceError:
            self.sleep()
        except StateUnavailableError as error:
            log.warning("the database does not say whether there is maintenance: %s", error)
            self.sleep()


class _OwningScheduler(Scheduler):
    """Of several workers one owns the scheduled work: another looks every few seconds whether it is free to take."""

    def __init__(self, maintenance: MaintenanceSwitch, scheduling: HeldLock, **settings: object) -> None:
        super().__init__(**settings)
        self._maintenance = maintenance
        self._scheduling = scheduling
        self._is_owner = False

    def loop(self, now: datetime | None = None) -> None:
        if self._maintenance.current:
            self.stop_flag.wait(_LONGEST_WAIT_SECONDS)
        elif self._is_ours():
            super().loop(now)
        else:
            self.stop_flag.wait(_SECONDS_BEFORE_ASKING_AGAIN)

    def shutdown(self) -> None:
        """Give it back before the last job ends, which may take minutes."""
        self._scheduling.release()

    def _is_ours(self) -> bool:
        is_ours = self._scheduling.is_ours()
        if is_ours != self._is_owner:
            log.info("this worker %s the scheduled work", "owns" if is_ours else "no longer owns")
        self._is_owner = is_ours
        return is_ours


class _Guard:
    """Holds the worker process, so that a signal handler can end it while `run` waits for it."""

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
