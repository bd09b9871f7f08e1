"""The worker: takes jobs from the queue until it is told to stop."""

import os
import signal
import sys
import threading

from huey import Huey

from app.jobs.imports import ImportJobs

_LONGEST_WAIT_SECONDS = 1.0


def run(queue: Huey, jobs: ImportJobs, *, with_parent: bool) -> None:
    """Work until a signal comes, or, with a parent, until the parent has gone and its pipe is closed."""
    jobs.enqueue_unfinished()
    if with_parent:
        threading.Thread(target=_stop_with_parent, daemon=True).start()
    queue.create_consumer(workers=1, periodic=False, max_delay=_LONGEST_WAIT_SECONDS).run()


def _stop_with_parent() -> None:
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)
