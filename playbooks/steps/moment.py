"""The current time; no other module here reads the wall clock."""

from datetime import UTC, datetime


def utc_now() -> str:
    """For messages and logs: `2026-03-02 09:30:00 UTC`."""
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def utc_now_in_names() -> str:
    """For file names: `20260302T093000Z`."""
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")


def seconds_since_epoch() -> int:
    return int(datetime.now(UTC).timestamp())
