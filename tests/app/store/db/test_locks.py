"""Locks that somebody else holds."""

import re
from pathlib import Path
from threading import Event, Thread

import pytest

from app.store.db import database as store_database
from app.store.db.database import AdvisoryLock
from app.store.db.outages import Outage, outage_behind
from app.store.db.transactions import exclusive_transaction, transaction


@pytest.fixture
def hurried(database_url):
    """A database whose connections wait one second for a lock."""
    opened = store_database.open_database(database_url, lock_wait_seconds=1)
    yield opened
    if store_database.is_postgresql():
        opened.close_all()


@pytest.fixture
def import_being_written(hurried):
    """Somebody else writes for as long as the test lasts."""
    begun, ended = Event(), Event()

    def write():
        with exclusive_transaction():
            begun.set()
            ended.wait()

    writer = Thread(target=write)
    writer.start()
    begun.wait()
    yield
    ended.set()
    writer.join()


@pytest.mark.usefixtures("import_being_written")
def test_who_waits_too_long_for_somebody_else_s_lock_gives_up():
    with pytest.raises(Exception) as raised, exclusive_transaction():  # each database has its own
        pass

    assert outage_behind(raised.value) is Outage.LOCKED


@pytest.mark.usefixtures("import_being_written")
def test_what_may_be_lost_is_skipped_while_somebody_else_writes(hurried):
    with store_database.connection(), store_database.unless_hindered(), transaction():
        hurried.execute_sql(
            "LOCK TABLE customers" if store_database.is_postgresql() else "UPDATE customers SET name = ''"
        )

    with store_database.connection():
        shown = hurried.execute_sql("SHOW lock_timeout" if store_database.is_postgresql() else "PRAGMA busy_timeout")
        assert shown.fetchone() == (("1s",) if store_database.is_postgresql() else (1000,))


def test_no_two_things_lock_on_the_same_number():
    """`AdvisoryLock` refuses that, so nothing may lock on a number of its own."""
    app = Path(__file__).parents[4] / "app"
    numbers = re.compile(r"\b7_340_5\d\d|one_at_a_time\(\d|advisory\w*lock\w*\(\d")

    named = [path.name for path in app.rglob("*.py") if numbers.search(path.read_text(encoding="utf-8"))]

    assert named == ["database.py"]
    assert len(AdvisoryLock) >= 5
