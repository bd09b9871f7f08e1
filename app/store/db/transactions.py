"""Transactions; a transaction in a transaction is a savepoint."""

from collections.abc import Iterator
from contextlib import contextmanager

from app.store.db import tables
from app.store.db.after_commit import run_after_commit, run_before_commit
from app.store.db.database import connection, is_postgresql
from app.store.db.locks import block_other_writers


@contextmanager
def transaction() -> Iterator[None]:
    """Run the block in a transaction; on SQLite it takes the write lock at once, so that it cannot fail half-way."""
    mode = () if is_postgresql() else ("IMMEDIATE",)
    with connection(), run_after_commit(), tables.database.atomic(*mode), run_before_commit():
        yield


@contextmanager
def exclusive_transaction() -> Iterator[None]:
    """Run the block in a transaction that blocks other writers of receivables, but not readers."""
    with transaction():
        block_other_writers()
        yield
