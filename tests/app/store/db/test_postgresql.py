"""Connections to PostgreSQL are asked as little as they can be, and never used after they ended."""

import psycopg
import pytest

from app.store.db import database as store_database
from app.store.db import tables
from app.store.db.compiled_queries import Slot, compiled


@pytest.fixture
def postgresql(postgresql_url):
    """An open connection to an empty database."""
    opened = store_database.open_database(postgresql_url)
    with store_database.connection():
        yield opened
    opened.close_all()


@pytest.fixture
def pooled(postgresql):
    """The connection of psycopg that lies in the pool, and that the next block will be given."""
    with store_database.connection():
        connection = postgresql.connection()
    postgresql.close()
    yield connection
    postgresql.connect()


def test_a_connection_that_the_server_ended_is_not_used_again(postgresql, pooled):
    with psycopg.connect(pooled.info.dsn, autocommit=True, **_password(pooled)) as other:
        other.execute("SELECT pg_terminate_backend(%s)", (pooled.info.backend_pid,))
        while other.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", (pooled.info.backend_pid,)).fetchone():
            pass

    with store_database.connection():
        assert postgresql.connection() is not pooled
        assert postgresql.execute_sql("SELECT 1").fetchone() == (1,)


def test_a_connection_that_stayed_open_is_used_again(postgresql, pooled):
    with store_database.connection():
        assert postgresql.connection() is pooled


@compiled
def names(code: Slot):
    return tables.CustomerModel.select(tables.CustomerModel.name).where(tables.CustomerModel.code == code.value)


def test_only_prepared_queries_keep_their_plan(postgresql):
    for _ in range(10):
        names("C1")
        list(tables.InvoiceModel.select(tables.InvoiceModel.number).where(tables.InvoiceModel.number == "1").tuples())

    kept = postgresql.execute_sql("SELECT statement FROM pg_prepared_statements").fetchall()

    assert ["customers" in statement for (statement,) in kept] == [True]


def _password(connection):
    return {"password": connection.info.password} if connection.info.password else {}
