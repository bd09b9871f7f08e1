"""The files of an import: the workbook, what was read from it, its preview, and how far the worker is."""

import hashlib
import logging
import re
import secrets
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, Self

import orjson

from app.files import Files, FilesUnavailableError
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
_BETWEEN_PROGRESS_IN_A_BUCKET = timedelta(seconds=1)
_NAME = re.compile(r"[0-9a-f]{32}")
_LONG_AGO = datetime.min.replace(tzinfo=UTC)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Upload:
    """A workbook that was received and checked, at a path that is deleted afterwards."""

    path: Path
    sha256: str
    size_bytes: int


@dataclass(slots=True)
class ImportFiles:
    """The files of one import, under a random name of its own: nothing of another can be left there."""

    files: Files
    name: str
    now: Callable[[], datetime]
    _next_progress_at: datetime = _LONG_AGO

    @classmethod
    def new(cls, files: Files, now: Callable[[], datetime]) -> Self:
        return cls(files, secrets.token_hex(16), now)

    def keep_workbook(self, upload: Upload) -> None:
        self.files.keep(self._at(WORKBOOK), upload.path)

    def has_workbook(self) -> bool:
        return self.files.has(self._at(WORKBOOK))

    def fetched_workbook(self) -> AbstractContextManager[Path]:
        """Have the workbook in a file of this machine for the block; raises FileNotFoundError."""
        return self.files.fetched(self._at(WORKBOOK))

    def delete_workbook(self) -> None:
        with _left_for_later(self.name):
            self.files.delete(self._at(WORKBOOK))

    def delete(self) -> None:
        with _left_for_later(self.name):
            self.files.delete_folder(self.name)

    def keep_preview(self, preview: Preview) -> None:
        """Save the preview, with its lists cut to SHOWN_OF_EACH_LIST."""
        self._put_json(_PREVIEW, preview.to_json(SHOWN_OF_EACH_LIST))

    def preview(self) -> Preview:
        return Preview.from_json(self.preview_json())

    def preview_json(self) -> dict[str, Any]:
        """Return the preview with the lengths that its lists had before they were cut."""
        kept: dict[str, Any] = orjson.loads(self.files.read(self._at(_PREVIEW)))
        return kept

    def has_preview(self) -> bool:
        return self.files.has(self._at(_PREVIEW))

    def keep_records(self, checked: Checked) -> None:
        self._put_json(
            _RECORDS,
            {
                "records": [record.to_json() for record in (*checked.customers, *checked.invoices, *checked.payments)],
                "error_rows": sorted(checked.error_rows),
                "broken": sorted(checked.broken),
                "duplicate_rows": checked.duplicate_rows,
            },
        )

    def records(self, preview: Preview) -> Checked:
        """Return the saved records with what the preview says of them."""
        kept = orjson.loads(self.files.read(self._at(_RECORDS)))
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
        with _left_for_later(self.name):
            self.files.delete(self._at(_RECORDS))

    def progress(self, step: Step) -> None:
        """Save how far the worker is in a file: others cannot see an open transaction. In a bucket, once a second."""
        now = self.now()
        if now < self._next_progress_at:
            return
        if self.files.folder is None:
            self._next_progress_at = now + _BETWEEN_PROGRESS_IN_A_BUCKET
        with _left_for_later(self.name):
            self._put_json(_PROGRESS, {"at": now.isoformat(), **asdict(step)})

    def latest_progress(self) -> tuple[Step, datetime] | None:
        try:
            latest = orjson.loads(self.files.read(self._at(_PROGRESS)))
        except FileNotFoundError:
            return None
        at = datetime.fromisoformat(latest.pop("at"))
        return Step(**latest), at

    def _put_json(self, name: str, content: object) -> None:
        self.files.put(self._at(name), orjson.dumps(content))

    def _at(self, name: str) -> str:
        return f"{self.name}/{name}"


@contextmanager
def received(stream: BinaryIO, limits: WorkbookLimits) -> Iterator[Upload]:
    """Copy the uploaded workbook to a file of this machine and check it; raises WorkbookRefusedError."""
    with tempfile.TemporaryDirectory(prefix="incoming-") as folder:
        path = Path(folder, WORKBOOK)
        size = _copy(stream, path, limits.file_bytes)
        archive.check(path, limits)
        yield Upload(path, sha256_of(path), size)


def is_name(folder: str) -> bool:
    """Return whether a folder has a name as ImportFiles.new gives: others in the same place are not ours."""
    return _NAME.fullmatch(folder) is not None


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


@contextmanager
def _left_for_later(name: str) -> Iterator[None]:
    """Go on without what cannot be written or deleted now: no import depends on it, and what is left is cleaned up."""
    try:
        yield
    except FilesUnavailableError as error:
        log.warning("files of import %s: %s", name, error)
