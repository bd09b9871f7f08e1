"""Snapshots: a transaction that reads everything as it was at one moment, while others go on writing."""

from collections.abc import Iterator
from contextlib import contextmanager

from app.store.db import tables
from app.store.db.database import connection, is_postgresql


@contextmanager
def snapshot() -> Iterator[None]:
    """Read in the block as of its beginning; a block within another one reads as of that one's."""
    with connection():
        if tables.database.in_transaction():
            yield
            return
        with tables.database.atomic():
            if is_postgresql():
                tables.database.execute_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield


def exported() -> str:
    """Return the name by which PostgreSQL's own programs see this snapshot, for as long as it is open."""
    name: str = tables.database.execute_sql("SELECT pg_export_snapshot()").fetchone()[0]
    return name


def server_version() -> str:
    """Return the version of the PostgreSQL server, such as `17.7`."""
    return str(tables.database.execute_sql("SHOW server_version").fetchone()[0]).split(maxsplit=1)[0]
