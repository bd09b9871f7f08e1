"""A reporting day, with the moment at which it ends in the business's time zone."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Self
from zoneinfo import ZoneInfo

YEARS = range(1900, 3000)


def day_of(moment: datetime | None, zone: ZoneInfo) -> date | None:
    return moment.astimezone(zone).date() if moment else None


@dataclass(frozen=True, slots=True)
class AsOf:
    """Dates up to and including `day` count, and moments before `ended_at` (UTC)."""

    day: date
    ended_at: datetime

    @classmethod
    def end_of(cls, day: date, zone: ZoneInfo) -> Self:
        midnight = datetime.combine(day + timedelta(days=1), time.min, tzinfo=zone)
        return cls(day, midnight.astimezone(UTC))

    def has_seen(self, moment: datetime | None) -> bool:
        """Return false for None."""
        return moment is not None and moment < self.ended_at
