"""Throttling: how long whoever tried in vain has to wait, longer each time but never for good."""

from datetime import timedelta

FORGOTTEN_AFTER = timedelta(days=1)

_WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 4, 8, 15))


def wait_after(attempts: int, free: int) -> timedelta:
    """Return the wait after so many attempts in vain, of which some are free."""
    beyond = attempts - free
    return _WAITS[min(beyond, len(_WAITS)) - 1] if beyond > 0 else timedelta(0)
