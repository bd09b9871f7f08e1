"""A server that takes no writes any more is given up, and its successor is written to."""

import peewee
import pytest
from support.polling import is_so_within
from support.postgresql_cluster import installed_versions, running_failover

from app.store.db import database as store_database
from app.store.db import tables
from app.store.db.outages import Outage, outage_behind
from app.store.db.transactions import transaction


@pytest.fixture(scope="module")
def server():
    versions = installed_versions()
    if not versions:
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql)")
    with running_failover(versions[-1]) as failover:
        yield failover


@pytest.fixture
def opened(server):
    database = store_database.open_database(f"{server.url}/postgres")
    with store_database.connection():
        database.execute_sql("CREATE TABLE IF NOT EXISTS kept (number int)")
    yield database
    database.close_all()


def write():
    with store_database.connection(), transaction():
        tables.database.execute_sql("INSERT INTO kept VALUES (1)")


def outage_of(action):
    with pytest.raises(peewee.PeeweeException) as raised:
        action()
    return outage_behind(raised.value)


def test_a_connection_to_a_server_that_became_read_only_is_dropped_and_counts_as_a_database_that_is_away(opened):
    write()
    with store_database.connection():
        opened.execute_sql("ALTER SYSTEM SET default_transaction_read_only = on")
        opened.execute_sql("SELECT pg_reload_conf()")
        assert is_so_within(10, lambda: opened.execute_sql("SHOW default_transaction_read_only").fetchone() == ("on",))

    assert outage_of(write) is Outage.DATABASE_AWAY
    assert opened._connections == []

    with store_database.connection():
        opened.execute_sql("SET default_transaction_read_only = off")
        opened.execute_sql("ALTER SYSTEM RESET default_transaction_read_only")
        opened.execute_sql("SELECT pg_reload_conf()")
    opened.close_all()
    write()


def test_a_standby_is_not_connected_to_and_the_server_is_written_to_once_it_is_the_primary(opened, server):
    write()

    server.demote()
    outages = [outage_of(write) for _ in range(3)]
    server.promote()
    write()

    assert outages == [Outage.DATABASE_AWAY] * 3


def test_a_write_in_a_transaction_that_only_reads_is_a_fault_of_the_program(opened):
    def write_in_a_snapshot():
        with store_database.connection(), tables.database.atomic():
            tables.database.execute_sql("SET TRANSACTION READ ONLY")
            tables.database.execute_sql("INSERT INTO kept VALUES (1)")

    assert outage_of(write_in_a_snapshot) is None
