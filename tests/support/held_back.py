"""Invoices that are inserted only when a test lets them."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

_LOCK = 98
_HOLD_BACK = (
    "CREATE FUNCTION hold_back() RETURNS trigger LANGUAGE plpgsql AS $$ "
    f"BEGIN PERFORM pg_advisory_xact_lock({_LOCK}); RETURN NEW; END $$",
    "CREATE TRIGGER hold_back BEFORE INSERT ON invoices FOR EACH ROW EXECUTE FUNCTION hold_back()",
)
_HELD_BACK = """
SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid)
WHERE locktype = 'advisory' AND objid = %s AND NOT granted
"""


class HeldBackInvoices:
    """No invoice is inserted until `let_go`; the statement waits, with the transaction of the import open."""

    def __init__(self, url):
        self._connection = psycopg.connect(url, autocommit=True)
        self._connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
        for statement in _HOLD_BACK:
            self._connection.execute(statement)

    def is_waited_for(self):
        return len(self.waiting()) == 1

    def waiting(self):
        """Return the application names of those that wait."""
        return [name for (name,) in self._connection.execute(_HELD_BACK, (_LOCK,))]

    def let_go(self):
        self._connection.execute("SELECT pg_advisory_unlock(%s)", (_LOCK,))

    def close(self):
        self.let_go()
        self._connection.execute("DROP FUNCTION hold_back CASCADE")
        self._connection.close()


@contextmanager
def held_back_invoices(url: str) -> Iterator[HeldBackInvoices]:
    held = HeldBackInvoices(url)
    try:
        yield held
    finally:
        held.close()
