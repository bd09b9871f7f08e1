"""The only module that reads the clock; everybody else is handed the time."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


def utc_now() -> datetime:
    """Return the present moment in UTC."""
    return datetime.now(UTC)


def today(zone: ZoneInfo) -> date:
    """Return the present day where the business is."""
    return datetime.now(zone).date()
