"""The only module that reads the clock; all others take the time as an argument."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


def utc_now() -> datetime:
    """Return the current time in UTC."""
    return datetime.now(UTC)


def today(zone: ZoneInfo) -> date:
    """Return today's date in the business's time zone."""
    return datetime.now(zone).date()
