"""Maintenance: everything can be read and nothing is written, for as long as a file of DATA_DIR or a row says so."""

import fcntl
import json
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Protocol

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


class MaintenanceSwitch(Protocol):
    """A process writes within `writing`: the app for a request, the worker for a job."""

    @property
    def current(self) -> Maintenance | None: ...

    @property
    def last_known(self) -> Maintenance | None:
        """Return the same without asking anybody: it may be out of date."""

    def begin(self, until: datetime, why: str, seconds: float) -> None:
        """Return once nobody writes any more; raises StillWritingError, and changes nothing, if that takes longer."""

    def end(self) -> bool:
        """Return whether there was something to end."""

    def writing(self) -> AbstractContextManager[None]:
        """Let maintenance begin only after the block; raises UnderMaintenanceError if it has begun."""


@dataclass(frozen=True, slots=True)
class MaintenanceMode:
    """The switch of one machine: a file that says so, and another that is locked by processes that write."""

    data_dir: Path

    @property
    def current(self) -> Maintenance | None:
        try:
            return maintenance_in(self._file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError):
            return Maintenance()

    @property
    def last_known(self) -> Maintenance | None:
        return self.current

    def begin(self, until: datetime, why: str, seconds: float) -> None:
        before = self._file.read_bytes() if self._file.exists() else None
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self._put(text_of(until, why).encode())
        if self._has_nobody_writing_within(seconds):
            return
        if before is None:
            self.end()
        else:
            self._put(before)
        raise StillWritingError

    def end(self) -> bool:
        try:
            self._file.unlink()
        except FileNotFoundError:
            return False
        return True

    @contextmanager
    def writing(self) -> Iterator[None]:
        with self._lock_file() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH)
            if self.current:
                raise UnderMaintenanceError
            yield

    def _has_nobody_writing_within(self, seconds: float) -> bool:
        with self._lock_file() as lock:
            return is_so_within(seconds, lambda: _is_locked_alone(lock))

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


def maintenance_in(text: str) -> Maintenance:
    """Return one without an end for a text that cannot be read."""
    try:
        found = json.loads(text)
        until = datetime.fromisoformat(found["until"])
        return Maintenance(until if until.tzinfo else until.replace(tzinfo=UTC), str(found.get("why", "")))
    except (ValueError, TypeError, KeyError, AttributeError):
        return Maintenance()


def text_of(until: datetime, why: str) -> str:
    return json.dumps({"until": until.isoformat(timespec="seconds"), "why": why})


def is_so_within(seconds: float, look: Callable[[], bool]) -> bool:
    """Look at least once."""
    last = time.monotonic() + seconds
    while not look():
        if time.monotonic() > last:
            return False
        time.sleep(_SECONDS_BETWEEN_LOOKS)
    return True


def _is_locked_alone(lock: IO[bytes]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
