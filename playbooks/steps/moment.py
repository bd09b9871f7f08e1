"""The one reader of the clock."""

from datetime import UTC, datetime


def utc_now() -> str:
    """Return the moment, for people and for logs."""
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
