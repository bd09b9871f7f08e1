"""A folder for the plain files of one backup: for its owner only, one backup at a time, and always removed."""

import errno
import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.backups.refusals import BackupError

_PREFIX = "backup-"
_MEGABYTE = 1_000_000


@contextmanager
def working_folder(scratch: Path) -> Iterator[Path]:
    """Give a new folder below `scratch`, once nobody else has one; what a killed backup left there is removed first."""
    try:
        scratch.mkdir(parents=True, exist_ok=True)
        lock = (scratch / ".lock").open("w", encoding="ascii")
    except OSError as error:
        raise BackupError(f"SCRATCH_DIR: no file can be written in {scratch} ({error.strerror}).") from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # let go when this process ends, even if it is killed
        for left in scratch.glob(f"{_PREFIX}*"):
            shutil.rmtree(left, ignore_errors=True)
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=scratch))  # its mode is 0700
        try:
            with full_disk_told():
                yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def full_disk_told() -> Iterator[None]:
    """Raise BackupError where the disk is full."""
    try:
        yield
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise BackupError(
            "The disk is full: make room where backups are made and where they are kept, and try again."
        ) from error


def refuse_without_room(folder: Path, needed: int) -> None:
    """Raise BackupError if the disk that the folder is on has too little room for so many bytes."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise BackupError(
            f"{needed / _MEGABYTE:,.0f} MB are needed, but only {free / _MEGABYTE:,.0f} MB of the disk of {folder} are "
            f"free: make room there, and try again."
        )
