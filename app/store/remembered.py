"""Figures that are remembered until the ledger changes: asked twice in between, the database adds up once."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from threading import Lock, local
from typing import Any, ParamSpec, TypeVar

from app.store import tables

_MOST = 1_000
_Asked = ParamSpec("_Asked")
_Figures = TypeVar("_Figures")

_kept: OrderedDict[Any, Any] = OrderedDict()
_lock = Lock()
_look = local()


def remembered(question: Callable[_Asked, _Figures]) -> Callable[_Asked, _Figures]:
    """Remember what the question answers; its arguments must be hashable, and what it returns never altered.

    The mark that is read first is of the ledger before the answer: were it to change in between, the answer is at most
    newer than its mark. Inside a transaction nothing is remembered: others may never come to see what it sees.
    """

    @wraps(question)
    def answer(*args: _Asked.args, **kwargs: _Asked.kwargs) -> _Figures:
        if tables.database.in_transaction():
            return question(*args, **kwargs)
        asked = (_mark(), question, args, tuple(sorted(kwargs.items())))
        with _lock:
            if asked in _kept:
                _kept.move_to_end(asked)
                found: _Figures = _kept[asked]
                return found
        figures = question(*args, **kwargs)
        with _lock:
            _kept[asked] = figures
            while len(_kept) > _MOST:
                _kept.popitem(last=False)
        return figures

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
