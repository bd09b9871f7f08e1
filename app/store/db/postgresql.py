"""PostgreSQL through Peewee's pool, asked no more than a page needs."""

import select
from collections.abc import Sequence
from typing import Any

import psycopg
from playhouse.db_url import register_database
from playhouse.pool import PooledPostgresqlDatabase

_NEVER_UNTOLD = 1_000_000_000


class Postgresql(PooledPostgresqlDatabase):  # type: ignore[misc]  # peewee is untyped
    """A pool of connections, each looked at before it is used again, that keep the plans of prepared queries only."""

    def __init__(self, database: str, **parameters: Any) -> None:
        # Days and filters decide how a query is best answered: planned for whatever values, a list of invoices took
        # ten times as long.
        super().__init__(database, prefer_psycopg3=True, prepare_threshold=_NEVER_UNTOLD, **parameters)

    def execute_prepared(self, sql: str, parameters: Sequence[Any]) -> Any:
        """Run a query whose plan is kept where PostgreSQL finds it no worse than one for these very values."""
        return self._execute_cursor(sql, parameters, prepared=True)

    def cursor(self, named_cursor: object = None, *, prepared: bool = False) -> Any:
        """Return a cursor on the connection that is open; raises InterfaceError where none is."""
        return _PreparingCursor(self.connection()) if prepared else super().cursor(named_cursor)

    def _is_closed(self, connection: Any) -> bool:
        # A server that ends a connection says so on it. Peewee asks each time, which costs every page a round trip;
        # where nothing was said, there is nothing to ask.
        return connection.closed or (_has_been_told_something(connection) and super()._is_closed(connection))


register_database(Postgresql, "postgres", "postgresql")


class _PreparingCursor(psycopg.Cursor[Any]):
    def execute(self, query: Any, params: Any = None, **_: Any) -> "_PreparingCursor":
        return super().execute(query, params, prepare=True)


def _has_been_told_something(connection: Any) -> bool:
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))
