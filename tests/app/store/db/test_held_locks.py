"""A lock that one process has until it ends, seen by others as they ask."""

import os
import signal
import subprocess
import sys

import psycopg
import pytest
from support.polling import is_so_within

from app.store.db import tables
from app.store.db.database import AdvisoryLock
from app.store.db.held_locks import only_here, scheduling_lock

OTHER = """
import sys, time
from app.store.db import database
from app.store.db.held_locks import scheduling_lock

database.open_database(sys.argv[1])
lock = scheduling_lock()
print(lock.is_ours(), flush=True)
time.sleep(600)
"""


@pytest.fixture
def other(database, database_url):
    """A process that asked for the lock first, and what it was answered."""
    command = [sys.executable, "-c", OTHER, database_url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "True\n"
        yield process
        process.kill()


@pytest.fixture
def lock(database):
    lock = scheduling_lock()
    yield lock
    lock.release()


def test_a_lock_that_is_free_is_taken_and_stays_ours(lock):
    assert [lock.is_ours(), lock.is_ours()] == [True, True]


def test_of_two_processes_only_the_first_has_the_lock(other, lock):
    assert not lock.is_ours()


@pytest.mark.parametrize("ended_by", [signal.SIGKILL, signal.SIGTERM])
def test_the_lock_of_a_process_that_ended_is_taken_over(other, lock, ended_by):
    os.kill(other.pid, ended_by)

    assert is_so_within(10, lock.is_ours)


def test_a_lock_that_was_given_back_is_free_for_another(database, lock):
    assert lock.is_ours()
    lock.release()
    another = scheduling_lock()

    assert another.is_ours()
    another.release()


def test_a_lock_whose_connection_was_ended_by_the_server_is_taken_again(postgresql, postgresql_url):
    lock = scheduling_lock()
    assert lock.is_ours()
    with psycopg.connect(postgresql_url, autocommit=True) as admin:
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2")

    assert is_so_within(10, lock.is_ours)
    lock.release()


def test_a_lock_that_another_took_while_the_connection_was_gone_is_no_longer_ours(postgresql, postgresql_url):
    lock, another = scheduling_lock(), scheduling_lock()
    assert lock.is_ours()
    lock._connection.close()
    assert is_so_within(10, another.is_ours)

    assert not lock.is_ours()
    another.release()


def test_a_database_that_is_away_has_given_the_lock_back(postgresql, monkeypatch):
    lock = scheduling_lock()
    assert lock.is_ours()
    lock._connection.close()
    monkeypatch.setattr(tables.database.obj, "_connect", lambda: (_ for _ in ()).throw(OSError("refused")))

    assert not lock.is_ours()


def test_two_processes_are_not_at_the_same_import(database):
    with (
        only_here(AdvisoryLock.IMPORT, 7) as first,
        only_here(AdvisoryLock.IMPORT, 7) as second,
        only_here(AdvisoryLock.IMPORT, 8) as third,
    ):
        assert (first, second, third) == (True, False, True)


def test_an_import_is_free_once_the_other_process_is_done(database):
    with only_here(AdvisoryLock.IMPORT, 7) as first:
        assert first

    with only_here(AdvisoryLock.IMPORT, 7) as second:
        assert second


def test_a_lock_that_is_held_is_no_write(postgresql):
    lock = scheduling_lock()
    next_writer = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text"
    before = postgresql.execute_sql(next_writer).fetchone()
    answers = [lock.is_ours() for _ in range(20)]

    assert answers == [True] * 20
    assert postgresql.execute_sql(next_writer).fetchone() == before
    lock.release()
