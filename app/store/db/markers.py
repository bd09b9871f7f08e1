"""Markers: a name in the WAL that says where recovery has to stop, and a snapshot of exactly that state.

While the end of the audit chain is held, no action can commit: each one takes that lock last, and keeps it until its
commit is both in the WAL and visible. In that moment, which takes milliseconds and no right to write, the snapshot is
taken and the restore point written. What commits without an entry in the audit (a login, a throttle) is noticed: the
server's list of transactions differs before and after, and the next marker is tried. So the figures of the snapshot are
those of the restored database, whoever writes meanwhile, and nothing needs to be allowed for.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg

from app.store.db import tables
from app.store.db.database import AdvisoryLock
from app.store.db.snapshots import snapshot

_TRIES = 20
_LIMITS = "SET LOCAL lock_timeout = '60s'; SET LOCAL idle_in_transaction_session_timeout = '10s'"


_REFUSED = {
    psycopg.errors.InsufficientPrivilege: (
        "The role of the backups may write no marker: grant it EXECUTE on pg_create_restore_point(text), as superuser."
    ),
    psycopg.errors.LockNotAvailable: "Somebody held the end of the audit for a minute: try again.",
}


class MarkerError(Exception):
    """The message is one sentence."""


@dataclass(frozen=True, slots=True)
class Marker:
    """`segment` is the file of the WAL that has it, `at` when it was written, by the clock of the database."""

    name: str
    segment: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Archived:
    """How far the archive is: the newest segment that it took and when; `failure` is one that it could not take since.

    A segment is "" where there is none yet.
    """

    segment: str
    at: datetime | None
    failure: str


@contextmanager
def marked(name: str) -> Iterator[Marker]:
    """Write a marker and read in the block as of it; only on PostgreSQL. Raises MarkerError."""
    for number in range(_TRIES):
        with ExitStack() as reading:
            with _told():
                marker = _exact_marker(f"{name}_{number}", reading)
            if marker:
                yield marker
                return
    raise MarkerError("Somebody wrote at each moment that was to be compared: try again.")


def archived() -> Archived:
    """Ask also within `marked`: what is asked by a connection of its own is as of now."""
    question = """
        SELECT coalesce(left(last_archived_wal, 24), ''), last_archived_time,
               CASE WHEN last_failed_time > coalesce(last_archived_time, '-infinity') THEN last_failed_wal ELSE '' END
        FROM pg_stat_archiver
    """
    with tables.database.obj.another_connection() as other:
        segment, at, failure = other.execute(question).fetchone()
    return Archived(segment, at and at.astimezone(UTC), failure or "")


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except tuple(_REFUSED) as error:
        raise MarkerError(_REFUSED[type(error)]) from error


def _exact_marker(name: str, reading: ExitStack) -> Marker | None:
    """Return None if a transaction ended between the snapshot and the marker."""
    with tables.database.obj.another_connection() as other, other.transaction():
        other.execute(_LIMITS)
        other.execute("SELECT pg_advisory_xact_lock(%s)", (AdvisoryLock.AUDIT_CHAIN,))
        reading.enter_context(snapshot())
        before = tables.database.execute_sql("SELECT pg_current_snapshot()::text").fetchone()[0]
        [segment, at] = other.execute(
            "SELECT pg_walfile_name(pg_create_restore_point(%s)), clock_timestamp()", (name,)
        ).fetchone()
        [after] = other.execute("SELECT pg_current_snapshot()::text").fetchone()
    return Marker(name, segment, at.astimezone(UTC)) if before == after else None
