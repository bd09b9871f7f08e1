"""The worker's heartbeat: a file whose mtime is the worker's last sign of life.

`python -m app.jobs.heartbeat` checks it. The check is a program of its own with few imports, because a container's
health check runs every few seconds.
"""

import contextlib
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from app.settings import AppSettings

_LONGEST_PAUSE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The file holds the host name, so that a new container does not trust an older one's file."""

    path: Path
    machine: str

    @classmethod
    def of(cls, settings: AppSettings) -> Self:
        return cls(settings.data_dir / "worker-alive", socket.gethostname())

    def beat(self) -> None:
        """If the file cannot be written, the worker will count as dead."""
        with contextlib.suppress(OSError):
            if self._is_ours():
                self.path.touch()  # works on a full disk too
                return
            temporary = self.path.with_suffix(".new")
            temporary.write_text(self.machine, encoding="utf-8")
            temporary.replace(self.path)

    def is_alive(self, now: float) -> bool:
        """Return whether this host's worker wrote a heartbeat within the last minute; `now` is a Unix timestamp."""
        return self._is_ours() and self.was_heard(now)

    def was_heard(self, now: float) -> bool:
        """Return whether any host's worker wrote a heartbeat within the last minute: a web server is another host."""
        try:
            return now - self.path.stat().st_mtime < _LONGEST_PAUSE_SECONDS
        except FileNotFoundError:
            return False

    def _is_ours(self) -> bool:
        try:
            return self.path.read_text(encoding="utf-8") == self.machine
        except FileNotFoundError:
            return False


if __name__ == "__main__":
    if not Heartbeat.of(AppSettings.from_environment()).is_alive(time.time()):
        sys.exit("The worker has not been heard of for a minute.")
