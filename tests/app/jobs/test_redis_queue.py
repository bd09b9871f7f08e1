"""With Redis as the queue nothing is lost and nothing done twice, whatever becomes of Redis or the worker."""

import io
import json
import subprocess
import sys
import time

import pytest
from support.redis_server import running_redis
from support.workbooks import AN_INVOICE, an_importer, invoices_tab, workbook

from app.actions import imports as import_actions
from app.jobs.imports import ImportJobs
from app.jobs.job_queue import QueueUnavailableError, check_connection, open_queue, waiting
from app.store.db.tables import InvoiceModel
from app.store.db.transactions import transaction
from app.store.ledger import imports
from app.store.ledger.imports import State


@pytest.fixture
def redis_server():
    with running_redis() as server:
        yield server


@pytest.fixture
def queue(redis_server):
    return open_queue(redis_server.url)


@pytest.fixture
def importer(sqlite, tmp_path):
    return an_importer(tmp_path / "data")


@pytest.fixture
def uploaded(importer, tmp_path):
    content = workbook(tmp_path, invoices_tab(AN_INVOICE)).read_bytes()
    return import_actions.receive(importer, io.BytesIO(content), "June.xlsx", None)


def work_off(queue):
    """Do what waits, as the worker does."""
    while queue.pending_count():
        queue.execute(queue.dequeue())


def previewed(queue, jobs, import_id):
    jobs.enqueue(import_id)
    work_off(queue)
    assert imports.get(import_id).state is State.PREVIEWED
    return import_id


def test_a_job_is_json_that_runs_nothing_by_being_read(queue, importer, uploaded):
    ImportJobs(queue, importer).enqueue(uploaded)

    (waiting,) = queue.storage.enqueued_items()
    message = json.loads(waiting)["message"]
    assert (message["name"], message["args"]) == ("app.jobs.imports.work_on_import", [uploaded])


def test_what_is_put_there_by_the_web_is_done_by_the_worker(redis_server, importer, uploaded):
    of_the_worker = open_queue(redis_server.url)
    ImportJobs(of_the_worker, importer)

    ImportJobs(open_queue(redis_server.url), importer).enqueue(uploaded)
    work_off(of_the_worker)

    assert imports.get(uploaded).state is State.PREVIEWED


def test_a_job_survives_a_redis_that_loses_its_power(redis_server, queue, importer, uploaded):
    jobs = ImportJobs(queue, importer)
    jobs.enqueue(uploaded)

    redis_server.stop()
    redis_server.start()
    work_off(queue)

    assert imports.get(uploaded).state is State.PREVIEWED


def test_a_job_that_went_down_with_its_worker_is_taken_up_by_the_next(redis_server, queue, importer, uploaded):
    ImportJobs(queue, importer).enqueue(uploaded)
    assert queue.dequeue() is not None  # and then the worker is killed

    of_the_next = open_queue(redis_server.url)
    ImportJobs(of_the_next, importer).enqueue_unfinished()
    work_off(of_the_next)

    assert imports.get(uploaded).state is State.PREVIEWED


def test_what_is_taken_up_twice_is_done_once(queue, importer, uploaded):
    jobs = ImportJobs(queue, importer)
    previewed(queue, jobs, uploaded)
    imports.claim(uploaded, (State.PREVIEWED,), State.APPLYING)

    jobs.enqueue(uploaded)
    jobs.enqueue_unfinished()
    assert queue.pending_count() == 2
    work_off(queue)

    assert imports.get(uploaded).state is State.APPLIED
    assert InvoiceModel.select().count() == 1


def test_the_worker_hears_of_an_import_only_once_it_can_see_it(queue, importer, uploaded):
    jobs = ImportJobs(queue, importer)

    with transaction():
        jobs.enqueue(uploaded)
        assert queue.pending_count() == 0

    assert queue.pending_count() == 1


def test_an_import_that_comes_while_redis_is_away_waits_and_is_done_when_it_is_back(
    redis_server, queue, importer, uploaded, caplog
):
    jobs = ImportJobs(queue, importer)
    redis_server.stop()
    jobs.enqueue(uploaded)
    assert "waits until the worker looks for what is unfinished" in caplog.text

    redis_server.start()
    jobs.enqueue_unfinished()
    work_off(queue)

    assert imports.get(uploaded).state is State.PREVIEWED


def test_a_redis_that_is_not_there_is_said_in_a_sentence(redis_server, queue):
    redis_server.stop()

    with pytest.raises(QueueUnavailableError) as refused:
        check_connection(queue)

    assert str(refused.value) == f"Redis at 127.0.0.1:{redis_server.port} cannot be used: Connection refused."


def test_a_redis_that_hangs_is_given_up_within_seconds(redis_server, queue):
    redis_server.freeze()
    begun = time.monotonic()

    assert waiting(queue) is None
    assert time.monotonic() - begun < 15


def test_a_wrong_password_is_said_in_a_sentence_without_it():
    with running_redis("--requirepass", "right") as server:
        queue = open_queue(server.url.replace("redis://", "redis://:wrong@"))

        with pytest.raises(QueueUnavailableError, match="cannot be used: invalid username-password pair") as refused:
            check_connection(queue)

    assert "wrong" not in str(refused.value)


def test_a_worker_without_its_redis_ends_with_one_sentence(redis_server, tmp_path):
    redis_server.stop()

    worker = subprocess.run(
        [sys.executable, "-m", "app.cli", "worker"],
        env={"DATA_DIR": str(tmp_path), "REDIS_URL": redis_server.url},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    said = f"Redis at 127.0.0.1:{redis_server.port} cannot be used: Connection refused.\n"
    assert (worker.returncode, worker.stderr) == (1, said)
