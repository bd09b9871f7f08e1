"""The worker: takes jobs from the queue until it is told to stop."""

import logging
import os
import signal
import subprocess
import sys
import threading
import time

from huey import Huey

from app.jobs.imports import ImportJobs

_LONGEST_WAIT_SECONDS = 1.0
_PAUSE_BEFORE_RESTART_SECONDS = 1.0

log = logging.getLogger(__name__)


def run(queue: Huey, jobs: ImportJobs) -> None:
    """Work until a signal comes."""
    jobs.enqueue_unfinished()
    queue.create_consumer(workers=1, scheduler_interval=30, max_delay=_LONGEST_WAIT_SECONDS).run()


def keep_running(command: list[str]) -> None:
    """Run the command, again whenever it ends, until standard input is closed: whoever holds its other end has gone."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    while True:
        with subprocess.Popen(command, stdin=subprocess.DEVNULL) as worker:
            signal.signal(signal.SIGTERM, lambda *_, worker=worker: _end(worker))
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            code = worker.wait()
        log.warning("the worker ended with %s and is started again", code)
        time.sleep(_PAUSE_BEFORE_RESTART_SECONDS)


def _end_with_parent() -> None:
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)


def _end(worker: "subprocess.Popen[bytes]") -> None:
    worker.terminate()
    worker.wait()
    os._exit(0)
