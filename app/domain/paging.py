"""Lists in pages: how many entries a page has, and how many pages there are."""

from collections.abc import Sequence
from math import ceil
from typing import TypeVar

PAGE_LENGTH = 50

_Entry = TypeVar("_Entry")


def page_count(entries: int) -> int:
    return ceil(entries / PAGE_LENGTH)


def page_of(entries: Sequence[_Entry], number: int) -> Sequence[_Entry]:
    """Return the entries of the page, counted from 1; none beyond the last."""
    start = (number - 1) * PAGE_LENGTH
    return entries[start : start + PAGE_LENGTH]
