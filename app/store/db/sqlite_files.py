"""SQLite databases as files: copied while others write, checked, and taken out of use."""

import sqlite3
from contextlib import closing
from pathlib import Path

_PAGES_AT_ONCE = 1_000


def copy_database(source: Path, target: Path) -> None:
    """Copy the database as of one moment, by SQLite's online backup; who writes meanwhile waits for no longer."""
    with closing(_opened(source)) as live, closing(sqlite3.connect(target)) as copy:
        live.backup(copy, pages=_PAGES_AT_ONCE)


def damage_of(path: Path) -> str:
    """Return what is wrong with the file, "" if it is a sound database."""
    try:
        with closing(_opened(path)) as database:
            [found] = database.execute("PRAGMA integrity_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        return str(error)
    return "" if found == "ok" else found


def settle(path: Path) -> None:
    """Move what waits in the files beside the database into it; call it only while nobody else has it open."""
    with closing(_opened(path)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _opened(path: Path) -> sqlite3.Connection:
    """Open a database that is there, and never make one."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=30)
