"""Throttling: the wait after failed attempts, longer each time but at most 15 minutes."""

from datetime import timedelta

FORGOTTEN_AFTER = timedelta(days=1)

WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 4, 8, 15))


def wait_after(attempts: int, free: int) -> timedelta:
    beyond = attempts - free
    return WAITS[min(beyond, len(WAITS)) - 1] if beyond > 0 else timedelta(0)
