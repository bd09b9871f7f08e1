"""Figures that are remembered until the ledger changes: asked twice in between, the database adds up once."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from threading import Lock, local
from typing import Any, ParamSpec, TypeVar

from app.store import tables

_MOST_FIGURES = 1_000
_MOST_LISTS = 64
_Asked = ParamSpec("_Asked")
_Answer = TypeVar("_Answer")

_lock = Lock()
_look = local()


def remembered(question: Callable[_Asked, _Answer]) -> Callable[_Asked, _Answer]:
    """Remember what the question answers; its arguments must be hashable, and what it returns never altered.

    The mark that is read first is of the ledger before the answer: were it to change in between, the answer is at most
    newer than its mark. Inside a transaction nothing is remembered: others may never come to see what it sees.
    """
    return _remembering(question, _figures, _MOST_FIGURES)


def remembered_list(question: Callable[_Asked, _Answer]) -> Callable[_Asked, _Answer]:
    """Remember likewise what is long: only the lists that were looked at last."""
    return _remembering(question, _lists, _MOST_LISTS)


_figures: OrderedDict[Any, Any] = OrderedDict()
_lists: OrderedDict[Any, Any] = OrderedDict()


def _remembering(
    question: Callable[_Asked, _Answer], kept: OrderedDict[Any, Any], most: int
) -> Callable[_Asked, _Answer]:
    @wraps(question)
    def answer(*args: _Asked.args, **kwargs: _Asked.kwargs) -> _Answer:
        if tables.database.in_transaction():
            return question(*args, **kwargs)
        asked = (_mark(), question, args, tuple(sorted(kwargs.items())))
        with _lock:
            if asked in kept:
                kept.move_to_end(asked)
                found: _Answer = kept[asked]
                return found
        fresh = question(*args, **kwargs)
        with _lock:
            kept[asked] = fresh
            while len(kept) > most:
                kept.popitem(last=False)
        return fresh

    return answer


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
