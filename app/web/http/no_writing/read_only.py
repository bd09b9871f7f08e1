"""Maintenance: whatever would be written is refused, with when to send it again; everything can be read."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from app.maintenance import Maintenance, MaintenanceSwitch, UnderMaintenanceError
from app.web.http.errors import MaintenanceError

_SOON_SECONDS = 60  # where nobody said when, or it takes longer than was said


def _in_utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True)
class ReadOnly:
    """Moments are told as `told` writes them."""

    mode: MaintenanceSwitch

    @property
    def current(self) -> Maintenance | None:
        return self.mode.current

    @property
    def last_known(self) -> Maintenance | None:
        return self.mode.last_known

    def check(self, now: datetime, told: Callable[[datetime], str] = _in_utc) -> None:
        """Raise MaintenanceError for what cannot be written now."""
        if current := self.mode.current:
            raise _refusal(current, now, told)

    @contextmanager
    def writing(self, now: datetime, told: Callable[[datetime], str] = _in_utc) -> Iterator[None]:
        """Write in the block, which maintenance waits for; raises MaintenanceError once it has begun."""
        try:
            with self.mode.writing():
                yield
        except UnderMaintenanceError:
            raise _refusal(self.mode.current or Maintenance(), now, told) from None


def _refusal(current: Maintenance, now: datetime, told: Callable[[datetime], str]) -> MaintenanceError:
    if current.until is None or current.until <= now:
        return MaintenanceError(
            "Nothing was saved: the server is being worked on. Please try again soon.", _SOON_SECONDS
        )
    sentence = f"Nothing was saved: the server is being worked on. Please send it again after {told(current.until)}."
    return MaintenanceError(sentence, int((current.until - now).total_seconds()) + 1)
