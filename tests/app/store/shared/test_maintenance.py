"""Maintenance of several copies begins when none of them writes any more, and keeps all of them from it."""

import os
import subprocess
import sys
from datetime import UTC, datetime

import peewee
import psycopg
import pytest
from support.at_once import all_at_once
from support.polling import is_so_within

from app.maintenance import Maintenance, StillWritingError, UnderMaintenanceError
from app.process_state import StateUnavailableError
from app.store.db import database as store_database
from app.store.db import tables
from app.store.db.database import AdvisoryLock
from app.store.db.transactions import transaction
from app.store.shared.maintenance import SharedMaintenance

UNTIL = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
WRITER = """
import sys
from app.store.db.database import open_database
from app.store.shared.maintenance import SharedMaintenance

open_database(sys.argv[1])
with SharedMaintenance().writing():
    print("writing", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def copies(postgresql):
    """Two copies of the app, on one database."""
    return SharedMaintenance(), SharedMaintenance()


@pytest.fixture
def writer(copies, postgresql_url):
    """Another process that writes until its input is closed."""
    command = [sys.executable, "-c", WRITER, postgresql_url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        process.stdout.readline()
        yield process


def test_what_begins_in_one_copy_is_known_in_the_other(copies):
    one, other = copies

    one.begin(UNTIL, "a restore", 0)

    assert other.current == Maintenance(UNTIL, "a restore")


def test_no_copy_writes_while_it_lasts_though_it_asked_a_moment_before(copies):
    one, other = copies
    assert other.current is None

    one.begin(UNTIL, "", 0)

    with pytest.raises(UnderMaintenanceError), other.writing():
        pytest.fail("it was written")


def test_all_copies_write_again_once_it_has_ended(copies):
    one, other = copies
    one.begin(UNTIL, "", 0)

    assert (other.end(), other.end()) == (True, False)
    with one.writing():
        assert one.current is None


def test_it_does_not_begin_while_another_copy_writes_and_what_was_before_is_kept(copies, writer):
    one, _ = copies

    with pytest.raises(StillWritingError):
        one.begin(UNTIL, "", 0)

    assert one.current is None


def test_it_begins_when_the_last_writer_has_ended(copies, writer):
    writer.stdin.close()

    copies[0].begin(UNTIL, "", 20)

    assert copies[0].current == Maintenance(UNTIL)


def test_a_copy_that_is_killed_holds_nothing_up(copies, writer):
    os.kill(writer.pid, 9)

    copies[0].begin(UNTIL, "", 20)

    assert copies[0].current == Maintenance(UNTIL)


def test_it_does_not_begin_while_a_thread_without_a_connection_writes(copies):
    one, other = copies
    outcomes = []

    def write_and_begin():
        with one.writing():
            try:
                other.begin(UNTIL, "", 0)
            except StillWritingError:
                outcomes.append("still writing")

    all_at_once(write_and_begin)

    assert outcomes == ["still writing"]


def test_copies_write_at_the_same_time(copies, writer):
    with copies[0].writing():
        assert writers() == 2


def test_a_write_within_a_write_ends_with_the_outer_one(copies):
    with copies[0].writing():
        with copies[0].writing():
            assert writers() == 1
        assert writers() == 1

    assert writers() == 0


def test_a_writer_whose_transaction_failed_holds_nothing_up(copies):
    with pytest.raises(peewee.ProgrammingError), copies[0].writing(), transaction():
        tables.database.execute_sql("SELECT nothing")

    assert writers() == 0


def test_a_writer_whose_connection_broke_holds_nothing_up(copies):
    with copies[0].writing():
        tables.database.connection().close()
    tables.database.close()

    with store_database.connection():
        assert is_so_within(10, lambda: writers() == 0)


def test_nothing_is_written_where_the_database_is_away(copies, monkeypatch):
    def away(*_, **__):
        raise psycopg.OperationalError("connection refused")

    tables.database.close()
    tables.database.close_all()
    monkeypatch.setattr(psycopg.Connection, "connect", away)

    with pytest.raises(StateUnavailableError), copies[0].writing():
        pytest.fail("it was written")
    assert copies[0].current is None
    monkeypatch.undo()
    tables.database.connect()


def writers():
    held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = %s AND granted"
    [count] = tables.database.execute_sql(held, (AdvisoryLock.WRITERS,)).fetchone()
    return count


def test_a_worker_whose_connection_was_ended_writes_again_on_another(copies, postgresql_url):
    one, _ = copies
    mine = tables.database.connection().info.backend_pid
    with psycopg.connect(postgresql_url, autocommit=True) as administrator:
        administrator.execute("SELECT pg_terminate_backend(%s)", (mine,))

    with pytest.raises(StateUnavailableError), one.writing():
        pass
    with one.writing():
        assert tables.database.execute_sql("SELECT 1").fetchone() == (1,)
