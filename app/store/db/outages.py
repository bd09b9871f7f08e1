"""What keeps the store from working though nothing is wrong with the program: a full disk, a database that is away."""

import errno
import sqlite3
from collections.abc import Iterator
from enum import Enum, auto

import psycopg

# Connections that ended or cannot be made, and a server that stops or is only just starting (PostgreSQL, appendix A).
_AWAY = ("08", "57P0")


class Outage(Enum):
    """What has to come back before the store can work."""

    DISK_FULL = auto()
    DATABASE_AWAY = auto()


def outage_behind(error: BaseException) -> Outage | None:
    """Return the outage that the error comes from, None where the program itself is wrong."""
    for cause in _chain(error):
        if _says_full(cause):
            return Outage.DISK_FULL
        if isinstance(cause, psycopg.OperationalError) and (not cause.sqlstate or cause.sqlstate.startswith(_AWAY)):
            return Outage.DATABASE_AWAY
    return None


def _says_full(cause: BaseException) -> bool:
    if isinstance(cause, sqlite3.OperationalError):
        return getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
    return isinstance(cause, psycopg.errors.DiskFull) or (isinstance(cause, OSError) and cause.errno == errno.ENOSPC)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
