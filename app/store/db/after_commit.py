"""Work that waits for the end of this thread's transaction: its last statements, and what follows the commit."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from app.store.db import tables


class _Waiting(threading.local):
    def __init__(self) -> None:
        self.last: list[Callable[[], None]] | None = None
        self.actions: list[Callable[[], None]] = []


_waiting = _Waiting()


def before_commit(action: Callable[[], None]) -> None:
    """Run the action as the transaction's last, not if it is rolled back; raises RuntimeError outside a transaction.

    A lock that everybody takes last, and holds for a moment only, cannot be part of a deadlock.
    """
    if _waiting.last is None:
        raise RuntimeError("What ends a transaction needs one.")
    _waiting.last.append(action)


@contextmanager
def run_before_commit() -> Iterator[None]:
    """Run what the block registered at its end; within another such block, at the end of that one."""
    outer, _waiting.last = _waiting.last, []
    try:
        yield
        registered = _waiting.last
    finally:
        _waiting.last = outer
    if outer is not None:
        outer.extend(registered)
        return
    for action in registered:
        action()


def after_commit(action: Callable[[], None]) -> None:
    """Run the action after this thread's transaction commits, not if it is rolled back; without one, immediately."""
    if tables.database.in_transaction():
        _waiting.actions.append(action)
    else:
        action()


def after_commit_once(action: Callable[[], None]) -> None:
    """Run the action like `after_commit`, but once however often this thread's transaction asks for it."""
    if not (tables.database.in_transaction() and action in _waiting.actions):
        after_commit(action)


@contextmanager
def run_after_commit() -> Iterator[None]:
    """Run what the block, a transaction, registered; if the block fails, forget it."""
    is_part_of_another = tables.database.in_transaction()
    if not is_part_of_another:
        _waiting.actions = []
    registered_before = len(_waiting.actions)
    try:
        yield
    except BaseException:
        # The caller may catch the error and commit the outer transaction: what was rolled back runs nothing.
        del _waiting.actions[registered_before:]
        raise
    if not is_part_of_another:
        for action in _waiting.actions:
            action()
