"""Who uses the data of an SQLite database: any number of commands and servers, or one that restores a backup."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.backups.refusals import BackupError

_NAME = "in-use.lock"


@contextmanager
def using(data_dir: Path) -> Iterator[None]:
    """Raise BackupError while a backup is restored."""
    with _locked(data_dir, fcntl.LOCK_SH, "A backup is being restored: try again when that has ended."):
        yield


@contextmanager
def replacing(data_dir: Path) -> Iterator[None]:
    """Raise BackupError while anybody uses the data."""
    with _locked(
        data_dir,
        fcntl.LOCK_EX,
        "The dashboard, its worker or another command uses these data: stop it (Ctrl+C), and try again.",
    ):
        yield


@contextmanager
def _locked(data_dir: Path, kind: int, sentence: str) -> Iterator[None]:
    data_dir.mkdir(parents=True, exist_ok=True)
    with (data_dir / _NAME).open("w", encoding="ascii") as lock:  # let go when the last process that holds it ends
        try:
            fcntl.flock(lock, kind | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BackupError(sentence) from error
        yield
