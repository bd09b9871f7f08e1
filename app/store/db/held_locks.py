"""Locks that outlast a transaction and end with the process that holds them, without a write to the database.

On PostgreSQL one is an advisory lock of a connection of its own: the server frees it when that connection ends, which
it notices at once where the process was killed, and within eight seconds where its machine went away.
"""

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Protocol

import peewee
import psycopg

from app.store.db import tables
from app.store.db.database import AdvisoryLock, is_postgresql

log = logging.getLogger(__name__)


class HeldLock(Protocol):
    def is_ours(self) -> bool:
        """Take the lock if it is free, and return whether this process has it."""

    def release(self) -> None: ...


def scheduling_lock() -> HeldLock:
    """Return the lock of the one process that puts scheduled work into the queue; the database must be open."""
    if is_postgresql():
        return _LockOfConnection(AdvisoryLock.SCHEDULED_WORK)
    return _LockOfFile(_beside("scheduling.lock"))


@contextmanager
def only_here(what: AdvisoryLock, number: int) -> Iterator[bool]:
    """Yield whether no other process is at it; none is until the block ends, or this process does."""
    lock: HeldLock = (
        _LockOfConnection(what, number)
        if is_postgresql()
        else _LockOfFile(_beside(f"{what.name.lower()}-{number}.lock"))
    )
    try:
        yield lock.is_ours()
    finally:
        lock.release()


def _beside(name: str) -> Path:
    return Path(str(tables.database.obj.database)).with_name(name)


class _LockOfConnection:
    def __init__(self, what: AdvisoryLock, number: int = 0) -> None:
        self._numbers = (int(what), number)
        self._held = ExitStack()
        self._connection: psycopg.Connection[Any] | None = None

    def is_ours(self) -> bool:
        """Return false as long as the database is away: it has given the lock back."""
        try:
            return self._is_still_ours() or self._take()
        except (peewee.PeeweeException, psycopg.Error, OSError) as error:
            log.warning(
                "the lock of %s cannot be asked for: %s", AdvisoryLock(self._numbers[0]).name, type(error).__name__
            )
            self.release()
            return False

    def release(self) -> None:
        held, self._held, self._connection = self._held, ExitStack(), None
        held.close()

    def _is_still_ours(self) -> bool:
        if self._connection is None:
            return False
        try:
            self._connection.execute("SELECT 1")
        except psycopg.Error:
            self.release()
            return False
        return True

    def _take(self) -> bool:
        with ExitStack() as opening:
            opened = opening.enter_context(tables.database.obj.another_connection())
            row = opened.execute("SELECT pg_try_advisory_lock(%s, %s)", self._numbers).fetchone()
            if row != (True,):
                return False
            self._connection, self._held = opened, opening.pop_all()
            return True


class _LockOfFile:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def is_ours(self) -> bool:
        if self._descriptor is not None:
            return True
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        if not _is_at(self._path, descriptor):  # another process released it meanwhile, which deletes the file
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        return True

    def release(self) -> None:
        if self._descriptor is not None:
            self._path.unlink(missing_ok=True)  # there is one for each import
            os.close(self._descriptor)
            self._descriptor = None


def _is_at(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
