"""Outages: failures of the environment rather than of the program, such as a full disk or an unreachable database."""

import errno
import sqlite3
from collections.abc import Iterator
from enum import Enum

import peewee
import psycopg

# SQLSTATE of a lock that was waited for too long, and of two that waited for each other.
_LOCKED = (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected)
# SQLSTATE prefixes of connection errors (08) and of a server that is stopping or starting (PostgreSQL, appendix A).
_AWAY = ("08", "57P0")


class Outage(Enum):
    DISK_FULL = "disk full"
    DATABASE_AWAY = "database away"
    COMMIT_UNANSWERED = "commit unanswered"
    LOCKED = "locked"


class CommitUnansweredError(peewee.OperationalError):
    """The connection was lost while the transaction was committed: it may be stored or not."""


class ReadOnlyServerError(peewee.OperationalError):
    """The server takes no writes: it became a standby or is being replaced, and another is or will be the primary."""


def outage_behind(error: BaseException) -> Outage | None:
    """Return None if the program itself is at fault."""
    causes = list(_chain(error))
    if any(isinstance(cause, CommitUnansweredError) for cause in causes):
        return Outage.COMMIT_UNANSWERED
    if any(isinstance(cause, ReadOnlyServerError) for cause in causes):
        return Outage.DATABASE_AWAY
    for cause in causes:
        if _is_disk_full(cause):
            return Outage.DISK_FULL
        if isinstance(cause, _LOCKED) or _is_sqlite_locked(cause):
            return Outage.LOCKED
        if isinstance(cause, psycopg.OperationalError) and (not cause.sqlstate or cause.sqlstate.startswith(_AWAY)):
            return Outage.DATABASE_AWAY
    return None


def _is_sqlite_locked(cause: BaseException) -> bool:
    # The low byte is the primary code: SQLITE_BUSY_SNAPSHOT and the like extend it.
    return getattr(cause, "sqlite_errorcode", 0) & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def _is_disk_full(cause: BaseException) -> bool:
    if isinstance(cause, sqlite3.OperationalError):
        return getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
    return isinstance(cause, psycopg.errors.DiskFull) or (isinstance(cause, OSError) and cause.errno == errno.ENOSPC)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
