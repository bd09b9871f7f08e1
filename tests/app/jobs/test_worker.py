"""The worker, the guard that keeps it running for as long as the server lives, and what no workbook does to them."""

import io
import os
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest
from huey import MemoryHuey
from support.polling import is_so_within
from support.workbooks import AN_INVOICE, INVOICES, an_importer, files_of, invoices_tab, workbook

from app.actions import imports as import_actions
from app.jobs.imports import ImportJobs
from app.store.ledger import imports
from app.store.ledger.imports import State

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
import sys
from types import SimpleNamespace
from huey import MemoryHuey
from pathlib import Path
from app.jobs import worker
from app.maintenance import MaintenanceMode

heartbeat = SimpleNamespace(beat=lambda: print("alive", flush=True))
maintenance = MaintenanceMode(Path(sys.argv[1]))
scheduling = SimpleNamespace(is_ours=lambda: True, release=lambda: None)
worker.run(MemoryHuey(), SimpleNamespace(enqueue_unfinished=lambda: None), heartbeat, maintenance, scheduling, 0.1)
"""


def test_the_worker_tells_that_it_is_alive_as_soon_as_it_works_and_from_then_on(tmp_path):
    with subprocess.Popen([sys.executable, "-c", WORKER, tmp_path], stdout=subprocess.PIPE, text=True) as worker:
        first, later = worker.stdout.readline(), worker.stdout.readline()
        worker.terminate()

    assert (first, later) == ("alive\n", "alive\n")


# --- what a workbook cannot do to it


@pytest.fixture
def importer(sqlite, tmp_path):
    return an_importer(tmp_path / "data")


@pytest.fixture
def a_real_worker(sqlite_url, tmp_path):
    """Start `invoices worker` with these settings, and kill it at the end of the block."""

    @contextmanager
    def started(**settings):
        environment = {**os.environ, "DATA_DIR": str(tmp_path / "data"), "DATABASE_URL": sqlite_url, **settings}
        command = [sys.executable, "-m", "app.cli", "worker"]
        with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as worker:
            try:
                yield worker
            finally:
                worker.kill()

    return started


def upload(importer, tmp_path, name):
    content = workbook(tmp_path, invoices_tab(AN_INVOICE)).read_bytes()
    return import_actions.receive(importer, io.BytesIO(content), name, None)


def has_state(import_id, state):
    return is_so_within(30, lambda: imports.get(import_id).state is state)


@pytest.fixture
def deadly(importer, tmp_path):
    """An import whose reading never ends, so that the worker can be killed at it."""
    import_id = upload(importer, tmp_path, "deadly.xlsx")
    with files_of(importer, import_id).fetched_workbook() as path:
        path.unlink()
        os.mkfifo(path)
    return import_id


def test_an_import_at_which_the_worker_was_killed_twice_fails_and_the_next_one_is_read(
    importer, tmp_path, deadly, a_real_worker
):
    for number in (1, 2):
        with a_real_worker():
            assert is_so_within(30, lambda number=number: imports.get(deadly).tries == number)
    following = upload(importer, tmp_path, "following.xlsx")

    with a_real_worker():
        assert has_state(deadly, State.FAILED)
        assert has_state(following, State.PREVIEWED)

    assert imports.get(deadly).failure == (
        "The worker was stopped twice while it read this workbook: split it, or remove what is not a list, and upload "
        "it again."
    )


@pytest.mark.parametrize(
    ("step", "before", "sentence"),
    [
        (
            State.APPLYING,
            State.PREVIEWED,
            "The worker was stopped twice while it applied this workbook, and nothing was changed: try again, or split "
            "it and upload its parts.",
        ),
        (
            State.UNDOING,
            State.APPLIED,
            "The worker was stopped twice while it undid this import, and nothing was changed: try again, or ask the "
            "operator of this site for help.",
        ),
    ],
)
def test_a_step_at_which_the_worker_was_killed_twice_is_taken_back(importer, tmp_path, step, before, sentence):
    import_id = upload(importer, tmp_path, "June.xlsx")
    imports.change(import_id, state=step, tries=2)

    ImportJobs(MemoryHuey(immediate=False), importer).work_on(import_id)

    assert (imports.get(import_id).state, imports.get(import_id).failure) == (before, sentence)


def test_a_workbook_that_needs_more_memory_than_the_worker_has_is_refused_and_the_worker_lives(
    importer, tmp_path, a_real_worker
):
    rows = (f"I-{number},Acme,2026-01-05,2026-02-04,100.00\n" for number in range(60_000))
    content = (",".join(INVOICES) + "\n" + "".join(rows)).encode()
    large = import_actions.receive(importer, io.BytesIO(content), "large.csv", None)
    following = upload(importer, tmp_path, "following.xlsx")

    with a_real_worker(WORKER_MAX_MEMORY_MEGABYTES="150") as worker:
        assert has_state(large, State.FAILED)
        assert has_state(following, State.PREVIEWED)
        assert worker.poll() is None

    assert imports.get(large).failure == (
        "The workbook needs more memory than one may take: split it, or remove what is not a list."
    )


def test_what_was_taken_back_is_tried_anew_when_a_person_asks_for_it(importer, tmp_path):
    import_id = upload(importer, tmp_path, "June.xlsx")
    imports.change(import_id, state=State.PREVIEWED, tries=2)

    imports.claim(import_id, (State.PREVIEWED,), State.APPLYING)

    assert imports.get(import_id).tries == 0
