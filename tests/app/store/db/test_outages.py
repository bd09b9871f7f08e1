"""A full disk and a database that is away are told from what is wrong with the program."""

import errno
import socket
import sqlite3

import peewee
import psycopg
import pytest

from app.store.db.outages import Outage, outage_behind


def raised(action):
    with pytest.raises(Exception) as error:  # which one is what the test is about
        action()
    return error.value


def test_a_database_file_that_can_grow_no_more_is_a_full_disk(tmp_path):
    database = peewee.SqliteDatabase(tmp_path / "small.sqlite3", pragmas={"max_page_count": 3})
    database.execute_sql("CREATE TABLE texts (text)")

    error = raised(lambda: database.execute_sql("INSERT INTO texts VALUES (?)", ("x" * 100_000,)))

    assert isinstance(error, peewee.OperationalError)
    assert outage_behind(error) is Outage.DISK_FULL
    database.close()


def test_a_full_disk_that_postgresql_meets_is_told_by_its_code():
    assert outage_behind(psycopg.errors.DiskFull("No space left on device")) is Outage.DISK_FULL


def test_a_workbook_that_cannot_be_kept_for_want_of_space_is_a_full_disk():
    assert outage_behind(OSError(errno.ENOSPC, "No space left on device")) is Outage.DISK_FULL


def test_a_server_that_nobody_answers_for_is_away():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        database = peewee.PostgresqlDatabase("invoices", host="127.0.0.1", port=port, user="a", prefer_psycopg3=True)

        error = raised(database.connect)

    assert outage_behind(error) is Outage.DATABASE_AWAY


def test_a_server_that_is_being_stopped_is_away():
    assert outage_behind(psycopg.errors.AdminShutdown("terminating connection")) is Outage.DATABASE_AWAY


@pytest.mark.parametrize(
    "error",
    [
        ZeroDivisionError(),
        sqlite3.OperationalError("no such column"),
        psycopg.errors.UndefinedColumn("no such column"),
        psycopg.errors.SerializationFailure("could not serialize"),
        OSError(errno.EACCES, "Permission denied"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_is_wrong_with_the_program_is_no_outage(error):
    assert outage_behind(error) is None


def test_a_database_that_another_connection_writes_to_is_locked_whatever_the_extended_code(tmp_path):
    holder, other = (sqlite3.connect(tmp_path / "held.sqlite3", timeout=0, isolation_level=None) for _ in range(2))
    holder.execute("BEGIN IMMEDIATE")
    snapshot = sqlite3.OperationalError("database is locked")
    snapshot.sqlite_errorcode = sqlite3.SQLITE_BUSY_SNAPSHOT

    locked = raised(lambda: other.execute("BEGIN IMMEDIATE"))

    assert [outage_behind(error) for error in (locked, snapshot)] == [Outage.LOCKED, Outage.LOCKED]
    holder.close()
    other.close()
