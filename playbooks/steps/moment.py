"""The one reader of the clock."""

from datetime import UTC, datetime


def utc_now() -> str:
    """Return the moment, for people and for logs."""
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def utc_now_in_names() -> str:
    """Return the moment as a part of a file's name."""
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
