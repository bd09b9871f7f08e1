"""The worker's heartbeat: a file that tells of when it last looked after its work; `python -m app.jobs.heartbeat` asks.

A program of its own, which loads next to nothing: a container's health is asked about every few seconds.
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
    """The file that a worker writes and others look at; it names its machine, as a container may be a new one."""

    path: Path
    machine: str

    @classmethod
    def of(cls, settings: AppSettings) -> Self:
        """Return the heartbeat of the worker on this machine, or in this container."""
        return cls(settings.data_dir / "worker-alive", socket.gethostname())

    def beat(self) -> None:
        """Tell that the worker is alive; where that cannot be written, it will be missed."""
        with contextlib.suppress(OSError):
            if self._is_ours():
                self.path.touch()  # which a full disk has room for
                return
            fresh = self.path.with_suffix(".new")
            fresh.write_text(self.machine, encoding="utf-8")
            fresh.replace(self.path)

    def is_alive(self, now: float) -> bool:
        """Tell whether the worker of this machine was alive within the last minute."""
        return self._is_ours() and now - self.path.stat().st_mtime < _LONGEST_PAUSE_SECONDS

    def _is_ours(self) -> bool:
        try:
            return self.path.read_text(encoding="utf-8") == self.machine
        except FileNotFoundError:
            return False


if __name__ == "__main__":
    if not Heartbeat.of(AppSettings.from_environment()).is_alive(time.time()):
        sys.exit("The worker has not been heard of for a minute.")
