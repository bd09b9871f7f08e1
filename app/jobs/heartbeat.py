"""The heartbeat of a worker: a file whose mtime is its last sign of life, one for each machine that has a worker.

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

LONGEST_PAUSE_SECONDS = 60
FORGOTTEN_AFTER_SECONDS = 24 * 60 * 60
_NAME = "worker-alive-"


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The file has the machine's name: a new container does not trust an older one's, and two workers share none."""

    folder: Path
    machine: str

    @classmethod
    def of(cls, settings: AppSettings) -> Self:
        return cls(settings.data_dir, socket.gethostname())

    @property
    def path(self) -> Path:
        return self.folder / f"{_NAME}{self.machine}"

    def beat(self) -> None:
        """If the file cannot be written, the worker will count as dead."""
        with contextlib.suppress(OSError):
            is_first = not self.path.exists()
            self.path.touch()  # works on a full disk too
            if is_first:
                self._forget_others()

    def is_alive(self, now: float) -> bool:
        """Return whether this host's worker wrote a heartbeat within the last minute; `now` is a Unix timestamp."""
        return _silence(self.path, now) < LONGEST_PAUSE_SECONDS

    def was_heard(self, now: float) -> bool:
        """Return whether any host's worker wrote a heartbeat within the last minute: a web server is another host."""
        return any(_silence(path, now) < LONGEST_PAUSE_SECONDS for path in self._all())

    def _forget_others(self) -> None:
        now = self.path.stat().st_mtime
        for path in self._all():
            if now - path.stat().st_mtime > FORGOTTEN_AFTER_SECONDS:
                path.unlink()

    def _all(self) -> list[Path]:
        return list(self.folder.glob(f"{_NAME}*"))


def _silence(path: Path, now: float) -> float:
    try:
        return now - path.stat().st_mtime
    except FileNotFoundError:
        return float("inf")


if __name__ == "__main__":
    if not Heartbeat.of(AppSettings.from_environment()).is_alive(time.time()):
        sys.exit("The worker has not been heard of for a minute.")
