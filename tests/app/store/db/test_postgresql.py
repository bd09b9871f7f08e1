"""Connections to PostgreSQL are asked as little as they can be, and never used after they ended."""

import socket

import peewee
import psycopg
import pytest
from support.at_once import all_at_once

from app.store.db import database as store_database
from app.store.db import tables
from app.store.db.compiled_queries import Slot, compiled
from app.store.db.outages import Outage, outage_behind
from app.store.db.transactions import transaction

SLOW_TO_COMMIT = (
    "CREATE TEMPORARY TABLE slow (id int) ON COMMIT DROP",
    "CREATE FUNCTION pg_temp.sleep() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN PERFORM pg_sleep(5); RETURN NULL; END $$",
    "CREATE CONSTRAINT TRIGGER sleep AFTER INSERT ON slow DEFERRABLE INITIALLY DEFERRED "
    "FOR EACH ROW EXECUTE FUNCTION pg_temp.sleep()",
    "INSERT INTO slow VALUES (1)",
)


@pytest.fixture
def pooled(postgresql):
    """The connection of psycopg that lies in the pool, and that the next block will be given."""
    with store_database.connection():
        connection = postgresql.connection()
    postgresql.close()
    yield connection
    postgresql.connect()


def test_a_password_that_was_rotated_is_taken_by_the_next_connection(postgresql_url, monkeypatch):
    url, tried = postgresql_url, []
    connect = psycopg.Connection.connect

    def only_with_the_new_one(*words, password=None, **parameters):
        tried.append(password)
        if password != "new/one":
            raise psycopg.OperationalError("password authentication failed")
        return connect(*words, **parameters)

    monkeypatch.setattr(psycopg.Connection, "connect", only_with_the_new_one)
    another = url.replace("//invoices@", "//invoices:{}@").format
    opened = store_database._database(another("old"), None, None, lambda: another("new%2Fone"))
    opened.connect()
    opened.close()

    assert tried == ["old", "new/one"]
    opened.close_all()


def test_a_password_that_is_still_the_same_is_tried_once(postgresql_url, monkeypatch):
    url, tried = postgresql_url, []

    def never(*_words, password=None, **_parameters):
        tried.append(password)
        raise psycopg.OperationalError("password authentication failed")

    monkeypatch.setattr(psycopg.Connection, "connect", never)
    opened = store_database._database(url, None, None, lambda: url)

    with pytest.raises(peewee.OperationalError, match="authentication failed"):
        opened.connect()
    assert tried == [None]


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


@pytest.fixture
def unanswered_within_a_second(postgresql_url):
    opened = store_database.open_database(postgresql_url, answer_wait_seconds=1)
    yield opened
    opened.close_all()


def test_a_server_that_does_not_answer_a_statement_in_time_is_away(unanswered_within_a_second):
    with pytest.raises(peewee.OperationalError) as raised, store_database.connection(), transaction():
        unanswered_within_a_second.execute_sql("SELECT pg_sleep(60)")

    assert outage_behind(raised.value) is Outage.DATABASE_AWAY
    with store_database.connection():
        assert unanswered_within_a_second.execute_sql("SELECT 1").fetchone() == (1,)


def test_a_commit_that_is_not_answered_may_be_stored_or_not(unanswered_within_a_second):
    def write():
        with transaction():
            for statement in SLOW_TO_COMMIT:
                unanswered_within_a_second.execute_sql(statement)

    with pytest.raises(peewee.OperationalError) as raised, store_database.connection():
        write()

    assert outage_behind(raised.value) is Outage.COMMIT_UNANSWERED


def test_connections_in_the_pool_are_closed_with_one_that_broke(postgresql):
    def lie_in_the_pool():
        postgresql.execute_sql("SELECT 1")

    all_at_once(lie_in_the_pool, lie_in_the_pool)
    before = len(postgresql._connections)
    all_at_once(lambda: postgresql.connection().close())

    assert (before, len(postgresql._connections)) == (2, 0)


def test_a_server_that_lets_one_connection_wait_is_not_asked_for_another_at_once():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://invoices@127.0.0.1:{silent.getsockname()[1]}/invoices?connect_timeout=2"
        with pytest.raises(store_database.DatabaseUnavailableError, match="connection timeout expired"):
            store_database.open_database(url)
        with pytest.raises(peewee.OperationalError, match="the server did not answer a moment ago"):
            tables.database.connect()


def test_app_and_server_both_limit_how_long_the_other_may_be_silent(postgresql):
    client = postgresql.connection().info.get_parameters()
    [server] = postgresql.execute_sql("SHOW tcp_user_timeout").fetchone()

    assert (client["tcp_user_timeout"], client["connect_timeout"], server) == ("7000", "5", "7000")


def test_what_the_address_says_counts_more_than_the_usual_waits(postgresql_url):
    more = "?tcp_user_timeout=60000&options=-c%20tcp_user_timeout%3D60000%20-c%20work_mem%3D5MB"
    opened = store_database.open_database(postgresql_url + more)
    with store_database.connection():
        client = opened.connection().info.get_parameters()
        [server, memory] = [
            opened.execute_sql(f"SHOW {name}").fetchone()[0] for name in ("tcp_user_timeout", "work_mem")
        ]
    opened.close_all()

    assert (client["tcp_user_timeout"], client["connect_timeout"]) == ("60000", "5")
    assert (server, memory) == ("60000", "5MB")
