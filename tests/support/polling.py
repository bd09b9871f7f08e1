"""Waiting: by asking again and again, never for a fixed time."""

import time
from collections.abc import Callable


def is_so_within(seconds: float, is_so: Callable[[], bool], *, pause: float = 0.1) -> bool:
    """Ask until it is so, and say whether it was in that time."""
    ends = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > ends:
            return False
        time.sleep(pause)
    return True
