"""Work that waits until this thread's transaction has been committed."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from app.store.db import tables


class _Waiting(threading.local):
    def __init__(self) -> None:
        self.actions: list[Callable[[], None]] = []


_waiting = _Waiting()


def after_commit(action: Callable[[], None]) -> None:
    """Run the action after this thread's transaction commits, not if it is rolled back; without one, immediately."""
    if tables.database.in_transaction():
        _waiting.actions.append(action)
    else:
        action()


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
