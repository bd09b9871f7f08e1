"""A cache of query results and page fragments, valid until the ledger changes.

Triggers give the ledger a new version with every change to customers, invoices or payments. Results are cached by that
version, the current user's scope, and the arguments.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from functools import wraps
from threading import Lock, local
from typing import Any, ParamSpec, TypeVar

from app.store.db import current_user, tables

_MAX_FIGURES = 1_000
_MAX_FRAGMENTS = 64
_Arguments = ParamSpec("_Arguments")
_Answer = TypeVar("_Answer")

# A column for queries that run on every page anyway; `use_version` takes what it returned.
LEDGER_VERSION = tables.LedgerVersionModel.select(tables.LedgerVersionModel.version)

_lock = Lock()
_pinned = local()
_figures: OrderedDict[Hashable, Any] = OrderedDict()
_fragments: OrderedDict[Hashable, Any] = OrderedDict()


def cached(query: Callable[_Arguments, _Answer]) -> Callable[_Arguments, _Answer]:
    """Cache what the function returns; its arguments must be hashable, and its result must never be changed."""

    @wraps(query)
    def answer(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Answer:
        key = (query, args, tuple(sorted(kwargs.items())))
        return _cached(_figures, _MAX_FIGURES, key, lambda: query(*args, **kwargs))

    return answer


def cache_fragment(key: Hashable, make: Callable[[], _Answer]) -> _Answer:
    return _cached(_fragments, _MAX_FRAGMENTS, key, make)


def _cached(entries: OrderedDict[Hashable, Any], most: int, key: Hashable, make: Callable[[], _Answer]) -> _Answer:
    # Do not cache inside a transaction: it sees uncommitted data that others must not see.
    if tables.database.in_transaction():
        return make()
    # Read the version before the result: if it changes in between, the result is newer than its version, never older.
    versioned_key = (ledger_version(), current_user.scope(), key)
    with _lock:
        if versioned_key in entries:
            entries.move_to_end(versioned_key)
            return entries[versioned_key]
    answer = make()
    with _lock:
        entries[versioned_key] = answer
        while len(entries) > most:
            entries.popitem(last=False)
    return answer


@contextmanager
def pin_version() -> Iterator[None]:
    """Read the ledger's version once for the block, so that a page is consistent; the block must not write."""
    _pinned.version = ""
    try:
        yield
    finally:
        _pinned.version = None


def use_version(version: str) -> None:
    """Use a version that another query has read as this block's version, if it has none yet."""
    if getattr(_pinned, "version", None) == "":
        _pinned.version = version


def ledger_version() -> str:
    pinned: str | None = getattr(_pinned, "version", None)
    if pinned:
        return pinned
    version: str = tables.database.execute_sql("SELECT version FROM ledger_versions").fetchone()[0]
    if pinned is not None:
        _pinned.version = version
    return version
