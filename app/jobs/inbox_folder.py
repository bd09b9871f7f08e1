"""The inbox folder: files that somebody put there, and where each is moved with its report."""

import contextlib
import fcntl
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote_from_bytes, unquote_to_bytes

from app.workbook.import_files import plain_name, sha256_of

KEPT_FOR = timedelta(days=90)
UNTOUCHED_FOR = timedelta(seconds=20)
_UNFINISHED = (".part", ".partial", ".filepart", ".tmp", ".crdownload", "~")
_LONGEST_NAME_BYTES = 200  # of the 255 that file systems allow; reports and numbers are added to it
_REPORT = ".report.txt"


class NotAFileError(Exception):
    """What lies in the folder is no file that could be read; the message says what it is instead."""


@dataclass(frozen=True, slots=True)
class InboxFile:
    """`name` is as in the folder, whatever bytes it has; `key` the same in ASCII, for the database."""

    name: str
    changed_at: float

    @property
    def key(self) -> str:
        return key_of(self.name)


@dataclass(frozen=True, slots=True)
class Filed:
    """What is put away together: the report, and a marked copy where there is one."""

    report: str
    marked: Path | None = None
    marked_ending: str = ".xlsx"


@dataclass(frozen=True, slots=True)
class InboxFolder:
    root: Path

    @property
    def inbox(self) -> Path:
        return self.root / "inbox"

    @property
    def done(self) -> Path:
        return self.root / "done"

    @property
    def problems(self) -> Path:
        return self.root / "problems"

    def prepare(self) -> None:
        """Raise OSError if a folder is missing and cannot be made."""
        for folder in (self.inbox, self.done, self.problems):
            folder.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """Yield whether no other worker is at the folder; none is until the block ends, or this process does."""
        descriptor = os.open(self.inbox, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield True
        except BlockingIOError:
            yield False
        finally:
            os.close(descriptor)

    def files(self) -> list[InboxFile]:
        """Return what may be files, finished or not, the oldest first; folders and temporary names are left out."""
        found = []
        with os.scandir(self.inbox) as entries:
            for entry in entries:
                if _is_temporary(entry.name):
                    continue
                with contextlib.suppress(FileNotFoundError):
                    if not entry.is_dir(follow_symlinks=False):
                        # Unlike the time of the last change, which a copy may bring along, nobody can set this one.
                        found.append(InboxFile(entry.name, entry.stat(follow_symlinks=False).st_ctime))
        return sorted(found, key=lambda one: (one.changed_at, one.name))

    def folders(self) -> list[str]:
        with os.scandir(self.inbox) as entries:
            return sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))

    @contextmanager
    def opened(self, name: str) -> Iterator[BinaryIO]:
        """Raise NotAFileError for a link, a pipe and the like, OSError if it cannot be read."""
        _check_kind(self.inbox / name)
        # Neither follow a link nor wait for a pipe that took the file's place meanwhile.
        descriptor = os.open(self.inbox / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as stream:
            yield stream

    def has(self, name: str, sha256: str) -> bool:
        """Return whether the file with this content still lies in the inbox."""
        path = self.inbox / name
        try:
            return stat.S_ISREG(path.lstat().st_mode) and sha256_of(path) == sha256
        except OSError:
            return False

    def is_as_found(self, found: InboxFile) -> bool:
        """Return whether nobody has written, replaced or taken away the file since it was found."""
        try:
            return (self.inbox / found.name).lstat().st_ctime == found.changed_at
        except FileNotFoundError:
            return False

    def put_away(self, name: str, into: Path, filed: Filed) -> None:
        """Move the file out of the inbox, its report beside; raises OSError."""
        target = self._place(name, into, filed.report, may_be_there=False)
        if target is not None:
            _write_beside(target, filed)
            (self.inbox / name).rename(target)

    def put_away_import(
        self, name: str, sha256: str, kept: Callable[[], AbstractContextManager[Path]], into: Path, filed: Filed
    ) -> None:
        """Move the imported file, its report beside; raises OSError.

        Where the inbox has no such file any more, or another one of that name, what was kept of it is put there. What
        was put away by a worker that was killed right then is left as it is: a report names one import only.
        """
        target = self._place(name, into, filed.report, may_be_there=True)
        if target is None:
            return
        _write_beside(target, filed)
        if self.has(name, sha256):
            (self.inbox / name).rename(target)
        else:
            with contextlib.suppress(FileNotFoundError), kept() as path:
                _copy_whole(path, target)

    def prune(self, now: datetime) -> int:
        """Delete what was put away as done long ago: copies of what the app keeps. Return how many files."""
        count = 0
        for path in self.done.iterdir():
            with contextlib.suppress(OSError):
                found = path.lstat()
                is_old = now.timestamp() - found.st_ctime > KEPT_FOR.total_seconds()
                if stat.S_ISREG(found.st_mode) and is_old:
                    path.unlink()
                    count += 1
        return count

    def _place(self, name: str, into: Path, report: str, *, may_be_there: bool) -> Path | None:
        """Return a path at which nothing is overwritten; None where the file is there already, with this report."""
        for target in _candidates(into, name):
            reported = target.with_name(target.name + _REPORT)
            is_ours = _holds(reported, report)
            if is_ours and may_be_there and os.path.lexists(target):
                return None
            if not os.path.lexists(target) and (is_ours or not os.path.lexists(reported)):
                return target
        raise FileExistsError(f"There is no free name for {plain_name(name)} in {into.name}/.")


def key_of(name: str) -> str:
    return quote_from_bytes(os.fsencode(name))


def name_of(key: str) -> str:
    return os.fsdecode(unquote_to_bytes(key))


def _is_temporary(name: str) -> bool:
    return name.startswith((".", "~$")) or name.lower().endswith(_UNFINISHED)


def _check_kind(path: Path) -> None:
    mode = path.lstat().st_mode
    if not stat.S_ISREG(mode):
        kinds = {stat.S_IFLNK: "a link", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}
        raise NotAFileError(kinds.get(stat.S_IFMT(mode), "a device"))


def _candidates(into: Path, name: str) -> Iterator[Path]:
    plain = Path(plain_name(name))
    ending = plain.suffix if len(os.fsencode(plain.suffix)) <= 10 else ""
    stem = plain.name.removesuffix(ending)
    short = os.fsencode(stem)[: _LONGEST_NAME_BYTES - len(os.fsencode(ending))].decode(errors="ignore").strip(". ")
    yield into / f"{short or 'workbook'}{ending}"
    for number in range(2, 10_000):
        yield into / f"{short or 'workbook'} ({number}){ending}"


def _write_beside(target: Path, filed: Filed) -> None:
    if filed.marked is not None:
        _copy_whole(filed.marked, target.with_name(f"{target.stem}-checked{filed.marked_ending}"))
    with _whole(target.with_name(target.name + _REPORT)) as unfinished:
        unfinished.write(filed.report.encode())


def _copy_whole(source: Path, target: Path) -> None:
    with source.open("rb") as stream, _whole(target) as unfinished:
        shutil.copyfileobj(stream, unfinished)


@contextmanager
def _whole(target: Path) -> Iterator[BinaryIO]:
    """Yield a file to write to, which takes the target's name in the end: nobody sees a part of it."""
    unfinished = target.with_name(".unfinished.part")
    unfinished.unlink(missing_ok=True)
    # Others write into this folder too: "x" fails on a link, where "w" would overwrite what it leads to.
    with unfinished.open("xb") as stream:
        yield stream
    unfinished.replace(target)


def _holds(path: Path, text: str) -> bool:
    """Look at kind and size first: others write into the folder, and a link or a huge file may have that name."""
    content = text.encode()
    try:
        found = path.lstat()
        return stat.S_ISREG(found.st_mode) and found.st_size == len(content) and path.read_bytes() == content
    except OSError:
        return False
