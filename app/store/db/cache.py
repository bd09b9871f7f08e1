"""Cached figures: an answer is kept until the ledger changes, so that the same question is asked once.

Triggers give the ledger a new version with every change to customers, invoices or payments. Answers are kept for that
version, for the scope of the current user, and for the arguments.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from functools import wraps
from threading import Lock, local
from typing import Any, ParamSpec, TypeVar

from app.store.db import current_user, tables

_FIGURES_KEPT = 1_000
_FRAGMENTS_KEPT = 64
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
        return _cached(_figures, _FIGURES_KEPT, key, lambda: query(*args, **kwargs))

    return answer


def cache_fragment(key: Hashable, make: Callable[[], _Answer]) -> _Answer:
    """Return what was made for the key before, else make it: for rendered parts of pages, of which few are kept."""
    return _cached(_fragments, _FRAGMENTS_KEPT, key, make)


def _cached(kept: OrderedDict[Hashable, Any], most: int, key: Hashable, make: Callable[[], _Answer]) -> _Answer:
    # Others may never see what an open transaction sees.
    if tables.database.in_transaction():
        return make()
    # The version is read before the answer: if it changes in between, the answer is newer than its version, not older.
    versioned_key = (_ledger_version(), current_user.scope(), key)
    with _lock:
        if versioned_key in kept:
            kept.move_to_end(versioned_key)
            found: _Answer = kept[versioned_key]
            return found
    answer = make()
    with _lock:
        kept[versioned_key] = answer
        while len(kept) > most:
            kept.popitem(last=False)
    return answer


@contextmanager
def pin_version() -> Iterator[None]:
    """Read the ledger's version once for the whole block, which writes nothing: a page shows one moment."""
    _pinned.version = ""
    try:
        yield
    finally:
        _pinned.version = None


def use_version(version: str) -> None:
    """Use a version already fetched by another query as this block's version, if it has none yet."""
    if getattr(_pinned, "version", None) == "":
        _pinned.version = version


def _ledger_version() -> str:
    pinned: str | None = getattr(_pinned, "version", None)
    if pinned:
        return pinned
    version: str = tables.database.execute_sql("SELECT version FROM ledger_versions").fetchone()[0]
    if pinned is not None:
        _pinned.version = version
    return version
