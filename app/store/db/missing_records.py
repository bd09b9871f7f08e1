"""What is raised where a record is not there."""

from typing import TypeVar

_Record = TypeVar("_Record")


class MissingError(LookupError):
    """It does not exist, or the current user may not see it; the message is one sentence."""


def existing_or_raise(record: _Record | None, what: str) -> _Record:
    """Raise MissingError if there is none."""
    if record is None:
        raise MissingError(f"There is no such {what}.")
    return record
