"""The files of an import: the workbook, what was read from it, its preview, and how far the worker is."""

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from app.workbook.meaning.results.records import Checked, Record
from app.workbook.meaning.vocabulary.headings import ListKind
from app.workbook.preview import Preview
from app.workbook.reading import archive
from app.workbook.reading.limits import MEGABYTE, WorkbookLimits
from app.workbook.reading.progress import Step
from app.workbook.reading.refusal import WorkbookRefusedError

SHOWN_OF_EACH_LIST = 500
WORKBOOK = "workbook"

_PREVIEW, _RECORDS, _PROGRESS = "preview.json", "records.json", "progress.json"
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Upload:
    """A workbook that was received and checked, in a folder that is deleted unless it is taken over."""

    folder: Path
    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class ImportFiles:
    """The folder of one import; without the folder nothing is written."""

    folder: Path
    now: Callable[[], datetime]

    @property
    def workbook(self) -> Path:
        return self.folder / WORKBOOK

    def take_over(self, upload: Upload) -> None:
        # The id of a discarded import can be used again: nothing of the earlier one may be left.
        self.delete()
        upload.folder.rename(self.folder)

    def delete(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    @contextmanager
    def at_work(self) -> Iterator[bool]:
        """Yield whether no other process is at this import; none is until the block ends, or this process does."""
        if not self.folder.exists():  # after a restore; an import can be undone without its files
            yield True
            return
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            yield _is_locked(folder)
        finally:
            os.close(folder)

    def keep_preview(self, preview: Preview) -> None:
        """Save the preview, with its lists cut to SHOWN_OF_EACH_LIST."""
        _write_whole(self.folder / _PREVIEW, preview.to_json(SHOWN_OF_EACH_LIST))

    def preview(self) -> Preview:
        return Preview.from_json(self.preview_json())

    def preview_json(self) -> dict[str, Any]:
        """Return the preview with the lengths that its lists had before they were cut."""
        kept: dict[str, Any] = orjson.loads((self.folder / _PREVIEW).read_bytes())
        return kept

    def has_preview(self) -> bool:
        return (self.folder / _PREVIEW).exists()

    def keep_records(self, checked: Checked) -> None:
        _write_whole(
            self.folder / _RECORDS,
            {
                "records": [record.to_json() for record in (*checked.customers, *checked.invoices, *checked.payments)],
                "error_rows": sorted(checked.error_rows),
                "broken": sorted(checked.broken),
                "duplicate_rows": checked.duplicate_rows,
            },
        )

    def records(self, preview: Preview) -> Checked:
        """Return the saved records with what the preview says of them."""
        kept = orjson.loads((self.folder / _RECORDS).read_bytes())
        checked = Checked(
            tabs=list(preview.tabs),
            problems=list(preview.problems),
            questions=list(preview.questions),
            answered=list(preview.answered),
            error_rows={(tab, row) for tab, row in kept["error_rows"]},
            broken={(ListKind(kind), name) for kind, name in kept["broken"]},
            duplicate_rows=kept["duplicate_rows"],
        )
        lists = {"customer": checked.customers, "invoice": checked.invoices, "payment": checked.payments}
        for item in kept["records"]:
            record = Record.from_json(item)
            lists[record.kind].append(record)
        return checked

    def delete_records(self) -> None:
        (self.folder / _RECORDS).unlink(missing_ok=True)

    def progress(self, step: Step) -> None:
        """Save how far the worker is in a file: others cannot see an open transaction."""
        _write_whole(self.folder / _PROGRESS, {"at": self.now().isoformat(), **asdict(step)})

    def latest_progress(self) -> tuple[Step, datetime] | None:
        try:
            latest = orjson.loads((self.folder / _PROGRESS).read_bytes())
        except FileNotFoundError:
            return None
        at = datetime.fromisoformat(latest.pop("at"))
        return Step(**latest), at


@contextmanager
def received(stream: BinaryIO, parent: Path, limits: WorkbookLimits) -> Iterator[Upload]:
    """Copy the uploaded workbook to a folder below `parent` and check it; raises WorkbookRefusedError."""
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".incoming-", dir=parent))
    try:
        size = _copy(stream, folder / WORKBOOK, limits.file_bytes)
        archive.check(folder / WORKBOOK, limits)
        yield Upload(folder, sha256_of(folder / WORKBOOK), size)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def plain_name(name: str) -> str:
    """Return the base name of an uploaded file without unprintable characters, at most 200 characters long."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    plain = "".join(character for character in last if character.isprintable())
    return plain[-200:] or "workbook.xlsx"


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _copy(stream: BinaryIO, target: Path, most_bytes: int) -> int:
    size = 0
    with target.open("wb") as out:
        while chunk := stream.read(_CHUNK_BYTES):
            size += len(chunk)
            if size > most_bytes:
                raise WorkbookRefusedError(f"The file is too large: at most {most_bytes // MEGABYTE} MB is read.")
            out.write(chunk)
    return size


def _write_whole(path: Path, content: object) -> None:
    """Write the file atomically: a reader sees the old content or the new, never a part."""
    if not path.parent.exists():
        return
    partial = path.with_suffix(f".{os.getpid()}.partial")
    partial.write_bytes(orjson.dumps(content))
    partial.replace(path)


def _is_locked(descriptor: int) -> bool:
    """Lock what the descriptor has open until it is closed; return whether nobody else has locked it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
