"""Maintenance: everything can be read and nothing is written, for as long as a file of the data says so."""

import fcntl
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

_SECONDS_BETWEEN_LOOKS = 0.05


class UnderMaintenanceError(Exception):
    pass


class StillWritingError(Exception):
    pass


@dataclass(frozen=True, slots=True)
class Maintenance:
    """`until` is when it should be over, None if that cannot be read; it is over once its file is gone."""

    until: datetime | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class MaintenanceMode:
    """Whoever writes says so by `writing`: the app for a request, the worker for a job."""

    data_dir: Path

    @property
    def current(self) -> Maintenance | None:
        try:
            found = json.loads(self._file.read_text(encoding="utf-8"))
            until = datetime.fromisoformat(found["until"])
            return Maintenance(until if until.tzinfo else until.replace(tzinfo=UTC), str(found.get("why", "")))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return Maintenance()

    def begin(self, until: datetime, why: str, seconds: float) -> None:
        """Return once nobody writes any more; raises StillWritingError, and changes nothing, if that takes longer."""
        before = self._file.read_bytes() if self._file.exists() else None
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self._put(json.dumps({"until": until.isoformat(timespec="seconds"), "why": why}).encode())
        if self._has_nobody_writing_within(seconds):
            return
        if before is None:
            self.end()
        else:
            self._put(before)
        raise StillWritingError

    def end(self) -> bool:
        """Return whether there was something to end."""
        try:
            self._file.unlink()
        except FileNotFoundError:
            return False
        return True

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Let maintenance begin only after the block; raises UnderMaintenanceError if it has begun."""
        with self._lock_file() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH)
            if self.current:
                raise UnderMaintenanceError
            yield

    def _has_nobody_writing_within(self, seconds: float) -> bool:
        last = time.monotonic() + seconds
        with self._lock_file() as lock:
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    if time.monotonic() > last:
                        return False
                    time.sleep(_SECONDS_BETWEEN_LOOKS)
                else:
                    return True

    def _put(self, content: bytes) -> None:
        fresh = self._file.with_suffix(".new")
        fresh.write_bytes(content)
        fresh.replace(self._file)

    @property
    def _file(self) -> Path:
        return self.data_dir / "maintenance.json"

    def _lock_file(self) -> IO[bytes]:
        self.data_dir.mkdir(parents=True, exist_ok=True)
        return (self.data_dir / "writing.lock").open("ab")
