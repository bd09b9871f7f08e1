"""Throttling: the wait after failed attempts, longer each time but at most 15 minutes."""

from datetime import timedelta

FORGOTTEN_AFTER = timedelta(days=1)

_WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 4, 8, 15))


def wait_after(attempts: int, free: int) -> timedelta:
    beyond = attempts - free
    return _WAITS[min(beyond, len(_WAITS)) - 1] if beyond > 0 else timedelta(0)
