"""A marker names the state that is read while it is made, whoever writes meanwhile."""

from contextlib import contextmanager
from threading import Event, Thread

import psycopg
import pytest
from support.polling import is_so_within
from support.records import an_invoice

from app.store.access import audit
from app.store.db import database as store_database
from app.store.db import markers, tables
from app.store.db.database import AdvisoryLock
from app.store.db.markers import MarkerError, archived, marked
from app.store.db.snapshots import snapshot
from app.store.db.transactions import transaction


@pytest.fixture
def database(postgresql_url):
    opened = store_database.open_database(postgresql_url)
    with store_database.connection():
        an_invoice("1")
        yield opened
    opened.close_all()


def numbers():
    return [number for (number,) in tables.InvoiceModel.select(tables.InvoiceModel.number).tuples()]


def interrupted(monkeypatch, url, times):
    """Let somebody write right after the snapshot was taken, so many times."""
    left = list(range(times))

    @contextmanager
    def with_a_write():
        with snapshot():
            numbers()
            if left:
                left.pop()
                with psycopg.connect(url) as other:
                    other.execute("UPDATE invoices SET number = number || 'x'")
            yield

    monkeypatch.setattr(markers, "snapshot", with_a_write)


def test_what_is_written_behind_the_marker_is_not_read(database, postgresql_url):
    with marked("night"):
        with psycopg.connect(postgresql_url) as other:
            other.execute("UPDATE invoices SET number = '2'")

        assert numbers() == ["1"]


def test_the_marker_is_in_the_segment_that_is_written_to(database, postgresql_url):
    with psycopg.connect(postgresql_url) as other, marked("night") as marker:
        [current] = other.execute("SELECT pg_walfile_name(pg_current_wal_insert_lsn())").fetchone()

    assert marker.segment == current


def test_an_action_that_is_about_to_end_is_waited_for_and_read(database, postgresql_url):
    begun, may_end = Event(), Event()

    def act():
        with store_database.connection(), transaction():
            an_invoice("2", tables.CustomerModel.get())
            tables.database.execute_sql("SELECT pg_advisory_xact_lock(%s)", (AdvisoryLock.AUDIT_CHAIN,))
            begun.set()
            may_end.wait()

    def end_once_waited_for():
        with psycopg.connect(postgresql_url, autocommit=True) as other:
            waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            is_so_within(20, lambda: other.execute(waits).fetchone()[0] > 0)
        may_end.set()

    threads = [Thread(target=act), Thread(target=end_once_waited_for)]
    threads[0].start()
    begun.wait()
    threads[1].start()
    with marked("night"):
        found = sorted(numbers())
    for thread in threads:
        thread.join()

    assert found == ["1", "2"]


def test_what_ends_between_snapshot_and_marker_makes_it_try_the_next(database, postgresql_url, monkeypatch):
    interrupted(monkeypatch, postgresql_url, times=1)

    with marked("night") as marker:
        assert marker.name == "night_1"
        assert numbers() == ["1x"]


def test_nobody_tries_for_ever(database, postgresql_url, monkeypatch):
    interrupted(monkeypatch, postgresql_url, times=1_000)

    with (
        pytest.raises(MarkerError, match="Somebody wrote at each moment that was to be compared: try again"),
        marked("night"),
    ):
        pass


def test_others_can_write_as_soon_as_it_is_made(database, now):
    with marked("night"):
        ended = Event()

        def act():
            with store_database.connection(), transaction():
                audit.append(None, "invoice.edited", "invoice:1", now=now)
            ended.set()

        Thread(target=act).start()

        assert ended.wait(20)


def test_a_server_that_archives_nothing_says_so(database):
    assert archived().segment == ""


@pytest.fixture
def reader(database, postgresql_url):
    """The address of the database for a role that may read and nothing else; it is the one that is open."""
    name = "reader_of_markers"
    with psycopg.connect(postgresql_url, autocommit=True) as owner:
        owner.execute(f"CREATE ROLE {name} LOGIN")
        owner.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {name}")
        yield owner, name, postgresql_url.replace("invoices@", f"{name}@")
        owner.execute(f"DROP OWNED BY {name}")
        owner.execute(f"DROP ROLE {name}")


def marked_by(url):
    opened = store_database.open_database(url)
    try:
        with store_database.connection(), marked("night"):
            return numbers()
    finally:
        opened.close_all()


def test_a_role_that_reads_needs_one_right_more(reader):
    owner, name, url = reader
    owner.execute(f"GRANT EXECUTE ON FUNCTION pg_create_restore_point(text) TO {name}")

    assert marked_by(url) == ["1"]


def test_a_role_without_it_is_told_which(reader):
    with pytest.raises(MarkerError, match=r"grant it EXECUTE on pg_create_restore_point\(text\)"):
        marked_by(reader[2])
