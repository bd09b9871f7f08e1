"""PostgreSQL through Peewee's connection pool, with fewer round trips and explicit prepared statements."""

import select
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from peewee import InternalError, OperationalError, Psycopg3Adapter
from playhouse.db_url import register_database
from playhouse.pool import PooledPostgresqlDatabase

from app.store.db.outages import CommitUnansweredError, ReadOnlyServerError

_NEVER_AUTOMATICALLY = 1_000_000_000
_PAUSE_AFTER_SILENCE_SECONDS = 1.0


class _Connection(psycopg.Connection[Any]):
    """Closes itself when a statement is not answered within `longest_answer_seconds`."""

    longest_answer_seconds: float | None = None

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        if timeout is not None or self.longest_answer_seconds is None:
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(gen, interval, self.longest_answer_seconds)
        except psycopg.errors._WaitTimeout as error:
            self.close()
            raise psycopg.errors.ConnectionTimeout("the server did not answer in time") from error


class _Adapter(Psycopg3Adapter):
    """Connects, but not at once again after a server that was silent: each attempt holds the lock of the pool."""

    _silent_until = 0.0

    def connect(self, db: "Postgresql", **parameters: Any) -> _Connection:
        if time.monotonic() < self._silent_until:
            raise psycopg.errors.ConnectionTimeout("the server did not answer a moment ago")
        try:
            connection = self._connect_with_newest_password(db, parameters)
        except psycopg.errors.ConnectionTimeout:
            self._silent_until = time.monotonic() + _PAUSE_AFTER_SILENCE_SECONDS
            raise
        connection.longest_answer_seconds = db.longest_answer_seconds
        return connection

    def _connect_with_newest_password(self, db: "Postgresql", parameters: dict[str, Any]) -> _Connection:
        """Passwords are rotated while a process serves: connections go on, new ones need the new password."""
        try:
            return _Connection.connect(dbname=db.database, **parameters)
        except psycopg.errors.ConnectionTimeout:
            raise
        except psycopg.OperationalError:
            newest = db.newest_password()
            if newest == parameters.get("password"):
                raise
            db.connect_params["password"] = newest
            return _Connection.connect(dbname=db.database, **{**parameters, "password": newest})


class Postgresql(PooledPostgresqlDatabase):
    """Checks each connection before reuse and prepares only `execute_prepared`'s queries."""

    psycopg3_adapter = _Adapter

    def __init__(
        self,
        database: str,
        longest_answer_seconds: float | None = None,
        newest_password: Callable[[], str | None] | None = None,
        **parameters: Any,
    ) -> None:
        self.longest_answer_seconds = longest_answer_seconds
        self.newest_password = newest_password or (lambda: parameters.get("password"))
        # The best plan depends on the dates and filters: with generic plans, a list of invoices took ten times as long.
        super().__init__(database, prefer_psycopg3=True, prepare_threshold=_NEVER_AUTOMATICALLY, **parameters)

    def execute_prepared(self, sql: str, parameters: Sequence[Any]) -> Any:
        """PostgreSQL reuses the statement's generic plan if that costs no more than a custom one."""
        return self._execute_cursor(sql, parameters, prepared=True)

    def execute_sql(self, sql: str, params: Any = None) -> Any:
        """Raise ReadOnlyServerError, and drop the connections, where the server takes no writes any more."""
        try:
            return super().execute_sql(sql, params)
        except InternalError as error:
            connection = self._state.conn
            if not isinstance(error.__cause__ or error.__context__, psycopg.errors.ReadOnlySqlTransaction):
                raise
            if not _is_read_only_server(connection):
                raise
            connection.close()
            self.close_idle()
            raise ReadOnlyServerError(str(error)) from error

    def leave_lost_connection(self) -> None:
        """Close this thread's connection here too if the server ended it, unless a transaction is open."""
        if not self.is_closed() and self._state.conn.closed and not self.transaction_depth():
            self.close()

    @contextmanager
    def pooled_connection(self) -> Iterator[psycopg.Connection[Any]]:
        """Take a connection of the pool beside this thread's own, and give it back."""
        other = self._connect()
        try:
            yield other
        finally:
            self._close(other)

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

    def commit(self) -> None:
        connection = self.connection()
        try:
            super().commit()
        except OperationalError as error:
            if not connection.closed:
                raise
            raise CommitUnansweredError(str(error)) from error

    def _is_closed(self, connection: Any) -> bool:
        # Peewee queries the server on every reuse, which costs each page a round trip. A server that ends a connection
        # sends a message first: without unread data on the socket, skip the query.
        return connection.closed or (_has_unread_data(connection) and super()._is_closed(connection))

    def _can_reuse(self, connection: Any) -> bool:
        if connection.closed:
            # Those that lie in the pool have probably met the same, and each would cost a request its time.
            self.close_idle()
            return False
        return bool(super()._can_reuse(connection))


register_database(Postgresql, "postgres", "postgresql")


class _PreparingCursor(psycopg.Cursor[Any]):
    def execute(self, query: Any, params: Any = None, **_: Any) -> "_PreparingCursor":
        return super().execute(query, params, prepare=True)


def _is_read_only_server(connection: psycopg.Connection[Any]) -> bool:
    """Return what the server reports by itself; a transaction that was begun to read only is not meant."""
    reported = connection.info.parameter_status
    return "on" in {reported("in_hot_standby"), reported("default_transaction_read_only")}


def _has_unread_data(connection: Any) -> bool:
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))
