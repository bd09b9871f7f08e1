"""During maintenance the worker begins no job; what was put into the queue is done when it is over."""

import threading

import pytest
from huey import MemoryHuey

from app.jobs.job_queue import open_queue
from app.jobs.worker import _OwningScheduler, _PausingWorker
from app.maintenance import MaintenanceMode, StillWritingError
from app.store.db.held_locks import scheduling_lock


@pytest.fixture
def maintenance(tmp_path):
    return MaintenanceMode(tmp_path / "data")


@pytest.fixture
def queue(database):
    return open_queue()


def a_worker(queue, maintenance):
    stop_flag = threading.Event()
    stop_flag.set()  # it does not sleep between two looks
    return _PausingWorker(
        maintenance, huey=queue, stop_flag=stop_flag, default_delay=0.1, max_delay=1, backoff=1, max_tasks=None
    )


def a_scheduler(queue, maintenance):
    stop_flag = threading.Event()
    stop_flag.set()
    return _OwningScheduler(maintenance, scheduling_lock(), huey=queue, stop_flag=stop_flag, interval=1, periodic=True)


def test_a_job_waits_until_maintenance_is_over(queue, maintenance, now):
    done = []
    queue.task(name="do")(done.append)("job")
    worker = a_worker(queue, maintenance)

    maintenance.begin(now, "", 0)
    worker.loop()
    during = list(done)
    maintenance.end()
    worker.loop()

    assert (during, done) == ([], ["job"])


def test_maintenance_does_not_begin_in_the_middle_of_a_job(queue, maintenance, now):
    def job():
        with pytest.raises(StillWritingError):
            maintenance.begin(now, "", 0)
        seen.append("still writing")

    seen = []
    queue.task(name="do")(job)()

    a_worker(queue, maintenance).loop()

    assert seen == ["still writing"]


def test_nothing_is_put_into_the_queue_by_the_clock(database, maintenance, now):
    queue = MemoryHuey()
    queue.periodic_task(lambda _moment: True, name="each minute")(lambda: None)
    scheduler = a_scheduler(queue, maintenance)

    maintenance.begin(now, "", 0)
    scheduler.loop(now.replace(tzinfo=None))
    during = queue.pending_count()
    maintenance.end()
    scheduler.loop(now.replace(tzinfo=None))

    assert (during, queue.pending_count()) == (0, 1)
    scheduler.shutdown()


def test_of_two_workers_only_the_owner_puts_scheduled_work_into_the_queue(database, maintenance, now):
    queue = MemoryHuey()
    queue.periodic_task(lambda _moment: True, name="each minute")(lambda: None)
    owner, other = a_scheduler(queue, maintenance), a_scheduler(queue, maintenance)

    owner.loop(now.replace(tzinfo=None))
    other.loop(now.replace(tzinfo=None))

    assert queue.pending_count() == 1
    owner.shutdown()
    other.shutdown()


def test_scheduled_work_goes_on_with_another_worker_once_its_owner_stops(database, maintenance, now):
    queue = MemoryHuey()
    queue.periodic_task(lambda _moment: True, name="each minute")(lambda: None)
    owner, other = a_scheduler(queue, maintenance), a_scheduler(queue, maintenance)
    owner.loop(now.replace(tzinfo=None))

    owner.shutdown()
    other.loop(now.replace(tzinfo=None))

    assert queue.pending_count() == 2
    other.shutdown()
