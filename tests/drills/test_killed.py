"""A process that is killed between the key of a request and its action leaves nothing behind."""

import sqlite3
from contextlib import contextmanager, suppress
from http.client import HTTPException
from threading import Thread

import psycopg
import pytest
from support.drilled_server import Ledger, Load, serving
from support.polling import is_so_within

_HELD_BACK = 99
_HOLD_BACK_POSTGRESQL = (
    "CREATE FUNCTION hold_back() RETURNS trigger LANGUAGE plpgsql AS $$ "
    f"BEGIN PERFORM pg_advisory_xact_lock({_HELD_BACK}); RETURN NEW; END $$",
    "CREATE TRIGGER hold_back BEFORE INSERT ON payments FOR EACH ROW EXECUTE FUNCTION hold_back()",
)
_HOLD_BACK_SQLITE = (
    "CREATE VIEW endless AS WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers) "
    "SELECT n FROM numbers",
    "CREATE TRIGGER hold_back BEFORE INSERT ON payments BEGIN SELECT count(*) FROM endless; END",
)


class _Postgresql:
    def __init__(self, url):
        self._connection = psycopg.connect(url, autocommit=True)

    def hold_back(self):
        self._connection.execute("SELECT pg_advisory_lock(%s)", (_HELD_BACK,))
        for statement in _HOLD_BACK_POSTGRESQL:
            self._connection.execute(statement)

    def is_held_back(self):
        waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = %s AND NOT granted"
        return self._connection.execute(waiting, (_HELD_BACK,)).fetchone() == (1,)

    def let_go(self):
        self._connection.execute("SELECT pg_advisory_unlock(%s)", (_HELD_BACK,))
        self._connection.execute("DROP FUNCTION hold_back CASCADE")
        self._connection.close()


class _Sqlite:
    def __init__(self, url):
        self._connection = sqlite3.connect(url.removeprefix("sqlite:///"), timeout=0, isolation_level=None)

    def hold_back(self):
        for statement in _HOLD_BACK_SQLITE:
            self._connection.execute(statement)

    def is_held_back(self):
        """Return whether somebody holds the lock for longer than any other statement would."""
        return not is_so_within(0.5, self._is_free, pause=0.01)

    def _is_free(self):
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
        self._connection.execute("ROLLBACK")
        return True

    def let_go(self):
        self._connection.execute("DROP TRIGGER hold_back")
        self._connection.execute("DROP VIEW endless")
        self._connection.close()


@contextmanager
def held_back_payments(url):
    """Let no payment be inserted in the block; the statement waits, with the transaction open."""
    database = _Sqlite(url) if url.startswith("sqlite") else _Postgresql(url)
    database.hold_back()
    try:
        yield database
    finally:
        database.let_go()


def in_the_background(action):
    def run():
        with suppress(OSError, HTTPException):  # its server is killed
            action()

    thread = Thread(target=run)
    thread.start()
    return thread


@pytest.fixture
def ledger(database_url):
    return Ledger.made(database_url, clients=4)


def test_kill_9_between_key_and_action(ledger, tmp_path):
    [invoice, *_] = ledger.invoices
    with serving(ledger.url, tmp_path) as killed, held_back_payments(ledger.url) as database:
        request = in_the_background(lambda: ledger.pay(killed.port, invoice, "k"))
        assert is_so_within(10, database.is_held_back)
        killed.kill()
        request.join()

    with serving(ledger.url, tmp_path) as again:
        first, second = ledger.pay(again.port, invoice, "k"), ledger.pay(again.port, invoice, "k")

    assert (first[0], second[0]) == (201, 201)
    assert first[2] == second[2]
    assert ledger.recorded() == {"k": 1}


def test_kill_9_under_load(ledger, tmp_path, measured):
    ports = []
    load = Load(ledger, lambda: ports[-1], retries=lambda outcome: isinstance(outcome, str))
    with serving(ledger.url, tmp_path) as killed:
        ports.append(killed.port)
        load.start()
        assert load.has_recorded(40)
        killed.kill()
    with serving(ledger.url, tmp_path) as again:
        ports.append(again.port)
        assert load.has_recorded(40)
        load.stop()

    measured(load)
    assert "409" not in load.failures
    assert (load.lost(), load.twice()) == ([], [])
