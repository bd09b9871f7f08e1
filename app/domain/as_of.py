"""A day whose figures are asked for, with the moment at which that day ends where the business is."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Self
from zoneinfo import ZoneInfo

YEARS = range(1900, 3000)


@dataclass(frozen=True, slots=True)
class AsOf:
    """Facts count when their day is at most `day`, or their moment lies before `ended_at` (UTC)."""

    day: date
    ended_at: datetime

    @classmethod
    def end_of(cls, day: date, zone: ZoneInfo) -> Self:
        """Return the close of business of the day in the given zone."""
        midnight = datetime.combine(day + timedelta(days=1), time.min, tzinfo=zone)
        return cls(day, midnight.astimezone(UTC))

    def has_seen(self, moment: datetime | None) -> bool:
        """Tell whether something that happened at the moment had happened by the end of the day."""
        return moment is not None and moment < self.ended_at
