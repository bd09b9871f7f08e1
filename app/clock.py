"""The only module that reads the clock; all others take the time as an argument."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


def utc_now() -> datetime:
    return datetime.now(UTC)


def today(zone: ZoneInfo) -> date:
    return datetime.now(zone).date()
