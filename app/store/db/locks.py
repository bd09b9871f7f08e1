"""Locks that end with the transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from app.store.db import tables
from app.store.db.database import is_postgresql

_RECEIVABLES = "customers, invoices, payments, imports"  # locked in this order


def block_other_writers() -> None:
    """Let others read receivables but not write them; on SQLite there is one writer anyway."""
    if is_postgresql():
        tables.database.execute_sql(f"LOCK TABLE {_RECEIVABLES} IN SHARE ROW EXCLUSIVE MODE")


def one_at_a_time(lock: int) -> None:
    """Take an advisory lock until the transaction ends; raises RuntimeError outside one."""
    if not tables.database.in_transaction():
        raise RuntimeError("A lock that ends with its transaction needs one.")
    if is_postgresql():
        tables.database.execute_sql("SELECT pg_advisory_xact_lock(%s)", (lock,))


@contextmanager
def longest_wait(seconds: int) -> Iterator[None]:
    """Limit how long statements of the block wait for a lock, within a transaction; SQLite waits as it begins."""
    if not is_postgresql():
        yield
        return
    tables.database.execute_sql(f"SET LOCAL lock_timeout = '{seconds}s'")
    yield
    tables.database.execute_sql("SET LOCAL lock_timeout TO DEFAULT")


def locked(query: Any) -> Any:
    """Lock the query's rows until the transaction ends, in its order; SQLite locks the whole database."""
    if not is_postgresql():
        return query
    # Lock the tables first: a transaction that holds rows while it waits for an import's table lock would deadlock.
    tables.database.execute_sql(f"LOCK TABLE {_RECEIVABLES} IN ROW EXCLUSIVE MODE")
    return query.for_update()
