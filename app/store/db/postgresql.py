"""PostgreSQL through Peewee's connection pool, with fewer round trips and explicit prepared statements."""

import select
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from playhouse.db_url import register_database
from playhouse.pool import PooledPostgresqlDatabase

_NEVER_AUTOMATICALLY = 1_000_000_000


class Postgresql(PooledPostgresqlDatabase):
    """Checks each connection before reuse and prepares only `execute_prepared`'s queries."""

    def __init__(self, database: str, **parameters: Any) -> None:
        # The best plan depends on the dates and filters: with generic plans, a list of invoices took ten times as long.
        super().__init__(database, prefer_psycopg3=True, prepare_threshold=_NEVER_AUTOMATICALLY, **parameters)

    def execute_prepared(self, sql: str, parameters: Sequence[Any]) -> Any:
        """PostgreSQL reuses the statement's generic plan if that costs no more than a custom one."""
        return self._execute_cursor(sql, parameters, prepared=True)

    @contextmanager
    def another_connection(self) -> Iterator[psycopg.Connection[Any]]:
        """Connect beside this thread's own connection, for what must not be part of its transaction."""
        other = self._connect()
        try:
            yield other
        finally:
            self._close(other, close_conn=True)

    def cursor(self, named_cursor: object = None, *, prepared: bool = False) -> Any:
        return _PreparingCursor(self.connection()) if prepared else super().cursor(named_cursor)

    def _is_closed(self, connection: Any) -> bool:
        # Peewee queries the server on every reuse, which costs each page a round trip. A server that ends a connection
        # sends a message first: without unread data on the socket, skip the query.
        return connection.closed or (_has_unread_data(connection) and super()._is_closed(connection))


register_database(Postgresql, "postgres", "postgresql")


class _PreparingCursor(psycopg.Cursor[Any]):
    def execute(self, query: Any, params: Any = None, **_: Any) -> "_PreparingCursor":
        return super().execute(query, params, prepare=True)


def _has_unread_data(connection: Any) -> bool:
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))
