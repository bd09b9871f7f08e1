"""What people did is recorded in the order in which they did it, each entry sealed with the one before."""

from datetime import UTC, datetime
from threading import Thread

import pytest
from support.records import a_user

from app.store import audit, tables
from app.store import database as store_database

LATER = datetime(2030, 1, 1, tzinfo=UTC)


def test_a_deed_is_recorded_with_what_it_changed(database, now):
    ann = a_user(name="Ann")

    with store_database.transaction():
        audit.append(ann, "invoice.edited", "invoice:7", before={"notes": ""}, after={"notes": "Änderung"}, now=now)

    assert audit.of_subject("invoice:7") == [
        audit.Entry(now, "Ann", "invoice.edited", "invoice:7", {"notes": ""}, {"notes": "Änderung"})
    ]


def test_the_latest_deeds_come_first(database, now):
    ann = a_user()
    with store_database.transaction():
        for number in range(3):
            audit.append(ann, "invoice.edited", f"invoice:{number}", before={}, after={}, now=now)

    assert [entry.subject for entry in audit.latest(2, LATER)] == ["invoice:2", "invoice:1"]


def test_a_deed_that_is_taken_back_leaves_no_entry(database, now):
    ann = a_user()

    def fail_after_it():
        with store_database.transaction():
            audit.append(ann, "invoice.edited", "invoice:7", before={}, after={}, now=now)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_after_it()

    assert audit.latest(10, LATER) == []


def test_a_deed_cannot_be_recorded_outside_its_transaction(database, now):
    with pytest.raises(RuntimeError):
        audit.append(a_user(), "invoice.edited", "invoice:7", before={}, after={}, now=now)


def test_entries_written_at_once_make_one_chain(database_url, now):
    opened = store_database.open_database(database_url)
    with store_database.connection():
        ann = a_user()

    def write():
        for _ in range(5):
            with store_database.transaction():
                audit.append(ann, "invoice.edited", "invoice:7", before={}, after={}, now=now)

    threads = [Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with store_database.connection():
        entries = list(tables.AuditEntry.select().order_by(tables.AuditEntry.id))
        assert len(entries) == 20
        assert [entry.previous_hash for entry in entries[1:]] == [entry.entry_hash for entry in entries[:-1]]
    getattr(opened, "close_all", opened.close)()


def test_deeds_after_the_moment_asked_about_are_not_told(database, now):
    with store_database.transaction():
        audit.append(a_user(), "invoice.edited", "invoice:7", before={}, after={}, now=now)

    assert audit.latest(10, now) == []
