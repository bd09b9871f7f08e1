"""Trying what a change would do, without changing anything."""

from collections.abc import Callable

from app.store.db import tables
from app.store.db.database import is_postgresql
from app.store.db.transactions import exclusive_transaction


class _RolledBack(Exception):  # noqa: N818  # not an error: `rehearse` raises it to roll its transaction back
    pass


def rehearse(action: Callable[[], None]) -> None:
    """Run the action against the real database, then roll it back.

    On PostgreSQL foreign keys are not checked: an import writes only ids that it has just read or created.
    """
    try:
        with exclusive_transaction():
            if is_postgresql():
                tables.database.execute_sql("SET CONSTRAINTS ALL DEFERRED")
            action()
            raise _RolledBack
    except _RolledBack:
        return
