"""Maintenance of several copies: a row of the database, and an advisory lock that processes share while they write."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from typing import Any

import peewee
import psycopg

from app.maintenance import Maintenance, StillWritingError, UnderMaintenanceError, is_so_within, maintenance_in, text_of
from app.process_state import StateUnavailableError
from app.store.db import tables
from app.store.db.database import AdvisoryLock
from app.store.shared.state import StateInDatabase

_NAME = "maintenance"
_SECONDS_KNOWN = 1.0  # how long a page may take what it knows of maintenance for true; a write asks each time


class SharedMaintenance:
    """A MaintenanceSwitch; the database must be open, and of PostgreSQL.

    The lock is one of the session, on the connection of the thread where it has one: a request needs no second. It is
    free as soon as the process or its connection has ended.
    """

    def __init__(self) -> None:
        self._state = StateInDatabase()
        self._known: Maintenance | None = None
        self._known_until = 0.0

    @property
    def current(self) -> Maintenance | None:
        if time.monotonic() >= self._known_until:
            try:
                self._known = _parsed(self._state.read(_NAME))
            except StateUnavailableError:  # nothing can be written now either
                pass
            finally:
                self._known_until = time.monotonic() + _SECONDS_KNOWN
        return self._known

    @property
    def last_known(self) -> Maintenance | None:
        return self._known

    def begin(self, until: datetime, why: str, seconds: float) -> None:
        before = self._state.read(_NAME)
        self._put(text_of(until, why))
        time.sleep(_SECONDS_KNOWN)  # what others know is out of date after that
        if is_so_within(seconds, _is_nobody_writing):
            return
        if before is None:
            self.end()
        else:
            self._put(before)
        raise StillWritingError

    def end(self) -> bool:
        self._known_until = 0.0
        return self._state.remove(_NAME)

    @contextmanager
    def writing(self) -> Iterator[None]:
        with _connected() as connection:
            try:
                connection.execute("SELECT pg_advisory_lock_shared(%s)", (AdvisoryLock.WRITERS,))
                # Not before: what is committed after the lock was taken waits until it is given back.
                row = connection.execute("SELECT content FROM process_states WHERE name = %s", (_NAME,)).fetchone()
            except psycopg.Error as error:
                connection.close()
                raise StateUnavailableError(str(error)) from error
            try:
                if row is not None:
                    raise UnderMaintenanceError
                yield
            finally:
                _release(connection)

    def _put(self, text: str) -> None:
        self._state.write(_NAME, text)
        self._known_until = 0.0


def _parsed(text: str | None) -> Maintenance | None:
    return None if text is None else maintenance_in(text)


@contextmanager
def _connected() -> Iterator[psycopg.Connection[Any]]:
    tables.database.obj.leave_lost_connection()
    with ExitStack() as until_the_end:
        if not tables.database.is_closed():
            connection = tables.database.connection()
        else:
            try:
                connection = until_the_end.enter_context(tables.database.obj.pooled_connection())
            except (peewee.PeeweeException, psycopg.Error, OSError) as error:
                raise StateUnavailableError(str(error)) from error
        yield connection


def _release(connection: psycopg.Connection[Any]) -> None:
    """Close a connection that cannot give the lock back: it would keep maintenance from ever beginning."""
    try:
        connection.execute("SELECT pg_advisory_unlock_shared(%s)", (AdvisoryLock.WRITERS,))
    except psycopg.Error:
        connection.close()


def _is_nobody_writing() -> bool:
    with tables.database.obj.pooled_connection() as connection:
        row = connection.execute("SELECT pg_try_advisory_lock(%s)", (AdvisoryLock.WRITERS,)).fetchone()
        if row != (True,):
            return False
        connection.execute("SELECT pg_advisory_unlock(%s)", (AdvisoryLock.WRITERS,))
        return True
