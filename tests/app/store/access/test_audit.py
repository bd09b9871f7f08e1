"""What people did is recorded in the order in which they did it, each entry sealed with the one before."""

import json
from datetime import UTC, datetime
from threading import Event, Thread
from urllib.parse import urlsplit

import psycopg
import pytest
from peewee import PeeweeException
from support.at_once import all_at_once
from support.audit_entries import audit_entries_removable
from support.records import a_user

from app.store.access import audit, audit_chain, audit_entries
from app.store.access.audit_chain import Broken
from app.store.access.audit_entries import AuditFilter
from app.store.db import database as store_database
from app.store.db import tables
from app.store.db.current_user import Actor, acting_as
from app.store.db.transactions import transaction

LATER = datetime(2030, 1, 1, tzinfo=UTC)


def test_a_deed_is_recorded_with_what_it_changed(database, now):
    ann = a_user(name="Ann")

    with transaction():
        audit.append(ann, "invoice.edited", "invoice:7", before={"notes": ""}, after={"notes": "Änderung"}, now=now)

    assert audit_entries.of_subject("invoice:7") == [
        audit_entries.Entry(
            1, now, "Ann", "invoice.edited", "invoice:7", {"notes": ""}, {"notes": "Änderung"}, user_id=ann.id
        )
    ]


def test_the_latest_deeds_come_first(database, now):
    ann = a_user()
    with transaction():
        for number in range(3):
            audit.append(ann, "invoice.edited", f"invoice:{number}", before={}, after={}, now=now)

    assert [entry.subject for entry in audit_entries.latest(2, LATER)] == ["invoice:2", "invoice:1"]


def test_a_deed_that_is_taken_back_leaves_no_entry(database, now):
    ann = a_user()

    def fail_after_it():
        with transaction():
            audit.append(ann, "invoice.edited", "invoice:7", before={}, after={}, now=now)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_after_it()

    assert audit_entries.latest(10, LATER) == []


def test_a_deed_cannot_be_recorded_outside_its_transaction(database, now):
    with pytest.raises(RuntimeError):
        audit.append(a_user(), "invoice.edited", "invoice:7", before={}, after={}, now=now)


def test_who_waits_for_others_after_recording_a_deed_keeps_nobody_from_recording(postgresql_url, now):
    opened = store_database.open_database(postgresql_url, lock_wait_seconds=5)
    recorded, signed_in = Event(), Event()

    def discard():
        with transaction():
            audit.append(None, "import.discarded", "import:7", now=now)
            recorded.set()
            signed_in.wait(timeout=20)

    def sign_in():
        recorded.wait()
        with transaction():
            audit.append(None, "session.started", "user:1", now=now)
        signed_in.set()

    raised = all_at_once(discard, sign_in)

    with store_database.connection():
        assert raised == []
        assert audit_chain.verify().entries == 2
    opened.close_all()


def test_a_deed_is_recorded_by_the_last_statement_of_its_transaction(database, now, caplog):
    caplog.set_level("DEBUG", logger="peewee")

    with transaction():
        with transaction():
            audit.append(None, "customer.created", "customer:1", now=now)
        database.execute_sql("UPDATE customers SET name = 'Acme'")

    said = [record.msg[0] for record in caplog.records]
    written = [words for words in said if words.startswith(("UPDATE", "INSERT"))]
    assert [words.split(" (")[0].replace('"', "") for words in written] == [
        "UPDATE customers SET name = 'Acme'",
        "INSERT INTO audit_entries",
    ]


def test_entries_written_at_once_make_one_chain(database_url, now):
    opened = store_database.open_database(database_url)
    with store_database.connection():
        ann = a_user()

    def write():
        for _ in range(5):
            with transaction():
                audit.append(ann, "invoice.edited", "invoice:7", before={}, after={}, now=now)

    threads = [Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with store_database.connection():
        entries = list(tables.AuditEntryModel.select().order_by(tables.AuditEntryModel.id))
        assert len(entries) == 20
        assert [entry.previous_hash for entry in entries[1:]] == [entry.entry_hash for entry in entries[:-1]]
    getattr(opened, "close_all", opened.close)()


def test_deeds_after_the_moment_asked_about_are_not_told(database, now):
    with transaction():
        audit.append(a_user(), "invoice.edited", "invoice:7", before={}, after={}, now=now)

    assert audit_entries.latest(10, now) == []


def test_a_deed_says_from_where_it_came(database, now):
    with transaction(), acting_as(Actor(address="203.0.113.7", request_id="a1b2", program="books")):
        audit.append(a_user(), "invoice.edited", "invoice:7", before={}, after={}, now=now)

    [entry] = audit_entries.of_subject("invoice:7")
    assert (entry.address, entry.request_id, entry.program) == ("203.0.113.7", "a1b2", "books")


# --- only ever added


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entries SET actor = 'Bob'",
        "DELETE FROM audit_entries",
        "DELETE FROM audit_entries WHERE id = 1",
    ],
)
def test_entries_are_neither_changed_nor_removed(database, now, statement):
    write(now, 2)

    with pytest.raises(PeeweeException, match="only ever added"):
        database.execute_sql(statement)

    assert audit_chain.verify().entries == 2


def test_postgresql_does_not_empty_the_table(postgresql_url, now):
    opened = store_database.open_database(postgresql_url)
    with store_database.connection():
        write(now, 1)

        with pytest.raises(PeeweeException, match="only ever added"):
            opened.execute_sql("TRUNCATE audit_entries")
    opened.close_all()


def test_sqlite_does_not_put_another_entry_in_the_place_of_one(sqlite, now):
    write(now, 1)
    columns = ", ".join(column.name for column in sqlite.get_columns("audit_entries"))

    with pytest.raises(PeeweeException, match="only ever added"):
        sqlite.execute_sql(f"INSERT OR REPLACE INTO audit_entries ({columns}) SELECT {columns} FROM audit_entries")


def test_the_role_that_runs_the_app_may_only_add_and_read(postgresql_url):
    """Not even without the triggers: the role owns the table here, as it does where it migrates its own database."""
    server = urlsplit(postgresql_url)
    with psycopg.connect(postgresql_url, autocommit=True) as admin:
        admin.execute("DROP DATABASE IF EXISTS of_the_app")
        admin.execute("DROP ROLE IF EXISTS the_app")
        admin.execute("CREATE ROLE the_app LOGIN")
        admin.execute("CREATE DATABASE of_the_app OWNER the_app")
    url = server._replace(netloc=f"the_app@{server.hostname}:{server.port}", path="/of_the_app").geturl()
    opened = store_database.open_database(url)
    with store_database.connection():
        store_database.migrate()
    opened.close_all()

    with psycopg.connect(url, autocommit=True) as app:
        app.execute("ALTER TABLE audit_entries DISABLE TRIGGER USER")
        for statement in ("UPDATE audit_entries SET actor = ''", "DELETE FROM audit_entries", "TRUNCATE audit_entries"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied for table audit_entries"):
                app.execute(statement)


# --- verified


def write(now, count, subject="invoice:7"):
    ann = tables.UserModel.get_or_none(email="ann@example.com") or a_user()
    with transaction():
        for number in range(count):
            audit.append(ann, "invoice.edited", subject, before={}, after={"notes": f"Nº {number}"}, now=now)
    return audit_chain.verify().head


def test_a_chain_that_nobody_touched_holds(database, now):
    head = write(now, 3)

    verified = audit_chain.verify()

    assert (verified.entries, verified.broken) == (3, None)
    assert verified.head == head == tables.AuditEntryModel.get_by_id(3).entry_hash


def test_a_chain_without_entries_holds(database):
    assert audit_chain.verify() == audit_chain.Verified(0, "0" * 64, None, has_noted_head=True)


def test_a_chain_is_walked_in_parts(database, now, monkeypatch):
    monkeypatch.setattr(audit_chain, "_VERIFIED_AT_ONCE", 2)
    write(now, 5)

    assert audit_chain.verify().entries == 5


@pytest.mark.parametrize("column", ["actor", "action", "subject", "before", "after", "address", "program", "user_id"])
def test_an_entry_that_was_changed_is_named(database, now, column):
    write(now, 3)

    with audit_entries_removable(database):
        tables.AuditEntryModel.update({column: "9"}).where(tables.AuditEntryModel.id == 2).execute()

    assert audit_chain.verify().broken == Broken(2, "what it says is not what was sealed")


def test_an_entry_that_was_changed_and_sealed_anew_is_told_by_the_next(database, now):
    write(now, 3)

    with audit_entries_removable(database):
        tables.AuditEntryModel.update(entry_hash="f" * 64).where(tables.AuditEntryModel.id == 3).execute()
        second = tables.AuditEntryModel.get_by_id(2)
        values = {name: getattr(second, name) for name in audit_chain._SEALED} | {"actor": "Bob"}
        second.actor, second.entry_hash = "Bob", audit_chain.seal(values)
        second.save()

    assert audit_chain.verify().broken.entry_id == 3


def test_an_entry_that_was_removed_is_told_by_the_next(database, now):
    write(now, 3)

    with audit_entries_removable(database):
        tables.AuditEntryModel.delete().where(tables.AuditEntryModel.id == 2).execute()

    verified = audit_chain.verify()
    assert verified.broken == Broken(3, "it does not follow the entry before it: one was removed, added or moved")
    assert verified.entries == 1


def test_the_first_entry_is_missed_too(database, now):
    write(now, 3)

    with audit_entries_removable(database):
        tables.AuditEntryModel.delete().where(tables.AuditEntryModel.id == 1).execute()

    assert audit_chain.verify().broken.entry_id == 2


def test_numbers_that_a_rollback_used_up_are_not_missed(database, now):
    write(now, 1)

    def fail_after_it():
        with transaction():
            audit.append(None, "invoice.edited", "invoice:7", before={}, after={}, now=now)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_after_it()

    write(now, 1)

    assert audit_chain.verify().broken is None


def test_an_end_that_was_cut_off_is_told_by_a_seal_noted_before(database, now):
    write(now, 2)
    noted = write(now, 1)
    write(now, 1)
    assert audit_chain.verify(noted).has_noted_head

    with audit_entries_removable(database):
        tables.AuditEntryModel.delete().where(tables.AuditEntryModel.id > 2).execute()

    verified = audit_chain.verify(noted)
    assert verified.broken is None
    assert not verified.has_noted_head


def test_entries_from_before_the_address_was_recorded_still_hold(database, now):
    older = {
        "at": now,
        "user_id": 1,
        "actor": "Ann",
        "action": "invoice.edited",
        "subject": "invoice:7",
        "before": "{}",
        "after": json.dumps({"notes": "as it was sealed then"}),
        "previous_hash": "0" * 64,
    }
    seal = "28d5f2d1b7437f00b49766fdcf8c779f2af56e9fc203f88d18498541c4471fbc"
    tables.AuditEntryModel.create(**older, entry_hash=seal)

    write(now, 1)

    assert audit_chain.verify().broken is None


# --- found


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (AuditFilter(), ["customer:3", "invoice:7"]),
        (AuditFilter(actor="ann"), ["invoice:7"]),
        (AuditFilter(actor="books"), ["customer:3"]),
        (AuditFilter(action="customer.edited"), ["customer:3"]),
        (AuditFilter(subjects=frozenset({"invoice:7"})), ["invoice:7"]),
        (AuditFilter(address="203.0.113.7"), ["customer:3"]),
        (AuditFilter(since=datetime(2026, 3, 2, tzinfo=UTC)), ["customer:3", "invoice:7"]),
        (AuditFilter(since=datetime(2026, 3, 3, tzinfo=UTC)), []),
        (AuditFilter(until=datetime(2026, 3, 2, 9, 30, tzinfo=UTC)), []),
    ],
)
def test_entries_are_found_by_what_they_say(database, now, wanted, found):
    ann = a_user(name="Ann")
    with transaction():
        audit.append(ann, "invoice.edited", "invoice:7", before={}, after={}, now=now)
        with acting_as(Actor(address="203.0.113.7", program="books")):
            audit.append(None, "customer.edited", "customer:3", before={}, after={}, now=now)

    assert [entry.subject for entry in audit_entries.matching(wanted, 10)] == found


def test_the_next_entries_begin_where_the_last_ones_ended(database, now):
    write(now, 5)

    first = audit_entries.matching(AuditFilter(), 2)
    second = audit_entries.matching(AuditFilter(), 2, older_than=first[-1].id)

    assert [entry.id for entry in [*first, *second]] == [5, 4, 3, 2]


def test_only_deeds_on_invoices_and_customers_are_told_of_as_the_latest(database, now):
    write(now, 1)
    write(now, 1, "user:1")

    assert [entry.subject for entry in audit_entries.latest(10, LATER)] == ["invoice:7"]
