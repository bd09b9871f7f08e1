"""When the disk will be full, if it goes on as in the last two weeks."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import reports

History = list[tuple[str, int]]  # moments, as reports write them, with the bytes that were used
_KEPT_POINTS = 360  # 90 days
_EVERY = timedelta(hours=6)
_LOOKED_AT = timedelta(days=14)
_AT_LEAST = timedelta(days=1)
_DAY = 86_400


def continued(history: Sequence[Sequence[object]], at: datetime, used: int) -> History:
    """Add a point every six hours, and forget what is older than 90 days."""
    kept: History = [(str(moment), int(str(count))) for moment, count in history]
    if not kept or at - reports.moment_of(kept[-1][0]) >= _EVERY:
        kept.append((reports.written(at), used))
    return kept[-_KEPT_POINTS:]


def days_until_full(history: History, at: datetime, used: int, free: int) -> float | None:
    """Return None where the disk does not fill, or not enough is known of it."""
    moments = [(reports.moment_of(moment), count) for moment, count in history]
    points = [((moment - at).total_seconds() / _DAY, count) for moment, count in moments if at - moment <= _LOOKED_AT]
    points.append((0.0, used))
    if -points[0][0] * _DAY < _AT_LEAST.total_seconds():
        return None
    a_day = _slope(points)
    return free / a_day if a_day > 0 else None


def _slope(points: Sequence[tuple[float, float]]) -> float:
    """Return that of the line with the least squares."""
    middle = sum(day for day, _count in points) / len(points)
    mean = sum(count for _day, count in points) / len(points)
    spread = sum((day - middle) ** 2 for day, _count in points)
    return sum((day - middle) * (count - mean) for day, count in points) / spread if spread else 0
