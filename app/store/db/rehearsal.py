"""Trying what a change would do, without changing anything."""

from collections.abc import Callable
from typing import TypeVar

from app.store.db import tables
from app.store.db.database import is_postgresql
from app.store.db.transactions import exclusive_transaction

_Result = TypeVar("_Result")


class _RolledBack(Exception):  # noqa: N818  # not an error: `rehearse` raises it to roll its transaction back
    pass


def rehearse(action: Callable[[], _Result]) -> _Result:
    """Run the action against the real database, then roll it back.

    On PostgreSQL foreign keys are not checked: an import writes only ids that it has just read or created.
    """
    try:
        with exclusive_transaction():
            if is_postgresql():
                tables.database.execute_sql("SET CONSTRAINTS ALL DEFERRED")
            result = action()
            raise _RolledBack
    except _RolledBack:
        return result
