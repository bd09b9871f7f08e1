"""What copies let one another know: errors, jobs and workers of each are seen by all, also after an outage."""

import logging
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from huey import MemoryHuey
from support.polling import is_so_within

from app.error_groups import ErrorGroups, LaterErrorHandler
from app.jobs.job_counts import JobCounts
from app.jobs.processes import SharedHeartbeat
from app.process_state import StateUnavailableError
from app.store.db import tables
from app.store.shared.state import StateInDatabase

FAILING = """
import sys
from datetime import UTC, datetime
from app.error_groups import ErrorGroups
from app.store.db.database import open_database
from app.store.shared.state import StateInDatabase

open_database(sys.argv[1])
for _ in range(20):
    ErrorGroups(StateInDatabase()).add("ValueError", "here", "", datetime(2026, 3, 2, tzinfo=UTC))
"""


@pytest.fixture
def state(postgresql):
    return StateInDatabase()


class SometimesAway(StateInDatabase):
    is_away = True

    def alone(self, name):
        if self.is_away:
            raise StateUnavailableError("the database is away")
        return super().alone(name)


def test_no_error_is_lost_where_several_copies_fail_at_once(state, postgresql_url):
    copies = [subprocess.Popen([sys.executable, "-c", FAILING, postgresql_url]) for _ in range(3)]

    assert [copy.wait(60) for copy in copies] == [0, 0, 0]
    assert ErrorGroups(state).recent().total == 60


def test_errors_wait_while_the_database_is_away_and_are_handed_in_when_it_is_back(postgresql):
    state, log = SometimesAway(), logging.getLogger("app.of a copy")
    handler = LaterErrorHandler(ErrorGroups(state), seconds_between_tries=0.01)
    log.addHandler(handler)
    log.error("the database does not answer")
    log.error("the database does not answer")
    before = ErrorGroups(state).recent().total

    state.is_away = False

    assert is_so_within(10, lambda: ErrorGroups(state).recent().total == 2)
    assert before == 0
    log.removeHandler(handler)
    handler.close()


def test_what_fails_before_the_database_is_open_waits_for_it(postgresql, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(tables.database, "obj", None)

        with pytest.raises(StateUnavailableError, match="the database is not open yet"):
            ErrorGroups(StateInDatabase()).add("ValueError", "here", "", datetime(2026, 3, 2, tzinfo=UTC))


def test_errors_of_a_process_that_ends_are_handed_in_first(state):
    log = logging.getLogger("app.of an ending copy")
    handler = LaterErrorHandler(ErrorGroups(state))
    log.addHandler(handler)

    log.error("failure at the last moment")
    log.removeHandler(handler)
    handler.close()

    assert ErrorGroups(state).recent().total == 1


def test_jobs_of_all_workers_are_counted_together(state):
    for _ in range(2):
        queue = MemoryHuey(immediate=True)
        JobCounts(StateInDatabase()).count_all_of(queue)
        queue.task(name="work_on_import")(lambda: None)()

    assert JobCounts(state).counted() == {("work_on_import", "done"): 2}


def test_a_worker_is_heard_on_every_machine_and_its_container_is_checked_by_its_own(state, tmp_path):
    (tmp_path / "one").mkdir()
    worker, web = SharedHeartbeat(tmp_path / "one", "one", state), SharedHeartbeat(tmp_path / "two", "two", state)

    worker.beat()

    now = worker.path.stat().st_mtime
    assert (web.was_heard(now + 59), web.was_heard(now + 61)) == (True, False)
    assert (worker.is_alive(now), web.is_alive(now)) == (True, False)


def test_a_machine_that_is_gone_for_a_day_is_forgotten(state, tmp_path):
    state.write("workers", '{"gone": 1.0}')

    SharedHeartbeat(tmp_path, "one", state).beat()

    assert '"gone"' not in state.read("workers")
