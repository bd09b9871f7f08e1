"""Figures that are remembered until the ledger changes: asked twice in between, the database adds up once."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from functools import wraps
from threading import Lock, local
from typing import Any, ParamSpec, TypeVar

from app.store.db import current_user, tables

_MOST_FIGURES = 1_000
_MOST_LONG = 64
_Asked = ParamSpec("_Asked")
_Answer = TypeVar("_Answer")

_lock = Lock()
_look = local()


_figures: OrderedDict[Hashable, Any] = OrderedDict()
_long: OrderedDict[Hashable, Any] = OrderedDict()


def remembered(question: Callable[_Asked, _Answer]) -> Callable[_Asked, _Answer]:
    """Remember what the question answers; its arguments must be hashable, and what it returns never altered."""

    @wraps(question)
    def answer(*args: _Asked.args, **kwargs: _Asked.kwargs) -> _Answer:
        asked = (question, args, tuple(sorted(kwargs.items())))
        return _recalled(_figures, _MOST_FIGURES, asked, lambda: question(*args, **kwargs))

    return answer


def recalled(asked: Hashable, make: Callable[[], _Answer]) -> _Answer:
    """Return what was made for it before, else make it: for what is long, of which only the latest few are kept."""
    return _recalled(_long, _MOST_LONG, asked, make)


def _recalled(kept: OrderedDict[Hashable, Any], most: int, asked: Hashable, make: Callable[[], _Answer]) -> _Answer:
    # The mark is of the ledger before the answer: were it to change in between, the answer is at most newer than its
    # mark. Inside a transaction nothing is remembered: others may never come to see what it sees.
    if tables.database.in_transaction():
        return make()
    key = (_mark(), current_user.scope(), asked)
    with _lock:
        if key in kept:
            kept.move_to_end(key)
            found: _Answer = kept[key]
            return found
    fresh = make()
    with _lock:
        kept[key] = fresh
        while len(kept) > most:
            kept.popitem(last=False)
    return fresh


MARK = tables.LedgerMarkModel.select(
    tables.LedgerMarkModel.mark
)  # a column of what is asked for anyway, as `seen` takes it


def seen(mark: str) -> None:
    """Take the mark that another question brought along as that of the look, in which nothing was asked before."""
    if getattr(_look, "mark", None) == "":
        _look.mark = mark


@contextmanager
def one_look() -> Iterator[None]:
    """Look at the ledger's mark once for the whole block, which writes nothing: a page is of one moment."""
    _look.mark = ""
    try:
        yield
    finally:
        _look.mark = None


def _mark() -> str:
    seen: str | None = getattr(_look, "mark", None)
    if seen:
        return seen
    mark: str = tables.database.execute_sql("SELECT mark FROM ledger_marks").fetchone()[0]
    if seen is not None:
        _look.mark = mark
    return mark
