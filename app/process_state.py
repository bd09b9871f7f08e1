"""What app and worker let one another know of themselves: texts by name, kept where all processes see them."""

import fcntl
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


class StateUnavailableError(OSError):
    """Neither read nor written now; nothing depends on it that could not wait."""


class ProcessState(Protocol):
    def read(self, name: str) -> str | None:
        """Return None if there is none; raises OSError."""

    def write(self, name: str, text: str) -> None:
        """Replace the whole text; raises OSError."""

    def alone(self, name: str) -> AbstractContextManager[None]:
        """Let no other process into such a block of this name; raises OSError."""


@dataclass(frozen=True, slots=True)
class StateInFolder:
    """Files NAME.json, for the processes of one machine."""

    folder: Path

    def read(self, name: str) -> str | None:
        try:
            return self._file(name).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None

    def write(self, name: str, text: str) -> None:
        fresh = self._file(name).with_suffix(".new")
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(self._file(name))

    @contextmanager
    def alone(self, name: str) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._file(name).with_suffix(".lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _file(self, name: str) -> Path:
        return self.folder / f"{name}.json"
