"""Imports from start to end: receive, preview, apply, undo."""

import gc
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

import orjson

from app.domain.as_of import AsOf
from app.settings import MEGABYTE, WorkbookLimits
from app.store.access import audit, users
from app.store.db.database import exclusive_transaction, rehearse, transaction
from app.store.ledger import imports, snapshot
from app.store.ledger.imports import State, StoredImport
from app.workbook import applying, difference, figures
from app.workbook.difference import Difference
from app.workbook.figures import Figures
from app.workbook.meaning import checking, control_totals
from app.workbook.meaning.checking import ReadingContext
from app.workbook.meaning.results.records import Checked, Record
from app.workbook.meaning.vocabulary.headings import ListKind
from app.workbook.preview import (
    Choices,
    Preview,
    mapping_from_json,
    mapping_to_json,
    preview_from_json,
)
from app.workbook.reading import archive
from app.workbook.reading.book import Progress, read_book
from app.workbook.reading.refusal import WorkbookRefusedError
from app.workbook.writing import exporting, marking

SHOWN_OF_EACH_LIST = 500
_CHUNK_BYTES = 1 << 20
_WORKBOOK, _RECORDS, _PREVIEW, _PROGRESS = "workbook", "records.json", "preview.json", "progress.json"


class NotNowError(Exception):
    """The import cannot be done in its current state; the message is one sentence with the reason and what to do."""

    def __init__(self, message: str, reasons: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.reasons = reasons


@dataclass(frozen=True, slots=True)
class Examined:
    """A workbook that was read and compared with the store."""

    checked: Checked
    preview: Preview


@dataclass(frozen=True, slots=True)
class Importer:
    """The context of imports: data directory, limits, time zone, currency and clock."""

    data_dir: Path
    limits: WorkbookLimits
    zone: ZoneInfo
    currency: str
    now: Callable[[], datetime]

    # --- local files: the command line

    def examine(self, path: Path, choices: Choices, progress: Progress, name: str | None = None) -> Examined:
        """Read a workbook and rehearse its import without writing anything; raises WorkbookRefusedError.

        `name` is the user's file name, if `path` has another.
        """
        with _without_garbage_collection():
            return self._examine(path, choices, progress, name or path.name)

    def _examine(self, path: Path, choices: Choices, progress: Progress, name: str) -> Examined:
        book = read_book(path, self.limits, progress, name)
        progress("comparing with what is stored")
        stored = snapshot.take()
        chosen = {key: mapping_from_json(mapping) for key, mapping in imports.remembered_mappings().items()}
        answers = replace(choices.answers, remembered=imports.remembered_answers())
        checked = checking.check(book, chosen | dict(choices.mappings), answers, stored, self._context(), progress)
        control_totals.add_control_totals(checked, stored)
        found = difference.compare(checked, stored, self.zone, choices.decisions)
        if found.writes:
            progress("rehearsing the import")
        return Examined(checked, Preview.of(checked, found, self._rehearsed(found, stored)))

    def _rehearsed(self, found: Difference, stored: snapshot.Snapshot) -> Figures:
        """Return the totals owed before and after the import, by writing it and rolling back."""
        as_of = AsOf.end_of(self._today(), self.zone)
        comparison = figures.Comparison(as_of)

        def rehearsal() -> None:
            comparison.take_before()
            if found.writes:
                applying.rehearse(found, stored, self._rehearsed_import(), self.zone, self.now())
            comparison.take_after()

        rehearse(rehearsal)
        return comparison.figures()

    def apply_file(
        self, path: Path, examined: Examined, choices: Choices, user_id: int | None, progress: Progress
    ) -> int:
        """Import an examined workbook, keep the file as its source, and return the import's id; raises NotNowError."""
        self._refuse_if_blocked(examined.preview, choices)
        import_id = None
        try:
            # One transaction: if the command is interrupted, nothing of an unfinished import remains.
            with exclusive_transaction():
                with path.open("rb") as stream:
                    import_id = self.receive(stream, path.name, user_id, State.APPLYING)
                self._keep_preview(import_id, examined.preview)
                imports.change(import_id, choices=choices.to_json())
                self._commit(import_id, examined.checked, choices, examined.preview, progress)
        except BaseException:
            if import_id is not None:
                shutil.rmtree(self._folder(import_id), ignore_errors=True)
            raise
        return import_id

    def earlier_import(self, path: Path) -> StoredImport | None:
        """Return the applied import of a file with the same content, or None."""
        return imports.latest_with_content(_sha256(path), (State.APPLIED,))

    # --- uploaded files: the web and the worker

    def receive(self, stream: BinaryIO, file_name: str, user_id: int | None, state: State = State.READING) -> int:
        """Keep an uploaded file and return the id of its import; raises WorkbookRefusedError and keeps nothing."""
        folder = self.data_dir / "imports"
        folder.mkdir(parents=True, exist_ok=True)
        incoming = Path(tempfile.mkdtemp(prefix=".incoming-", dir=folder))
        try:
            size = self._copy_limited(stream, incoming / _WORKBOOK)
            digest = _sha256(incoming / _WORKBOOK)
            archive.check(incoming / _WORKBOOK, self.limits)
            with transaction():
                import_id = imports.create(
                    file_name=_plain_name(file_name),
                    sha256=digest,
                    size_bytes=size,
                    stored_file=_WORKBOOK,
                    user_id=user_id,
                    now=self.now(),
                    state=state,
                )
                if state is State.READING:
                    # An import by the command line is recorded once, as applied.
                    self._record(user_id, "import.uploaded", import_id, {"sha256": digest, "size_bytes": size})
                # The id of a discarded import can be reused; the folder must belong to this import only.
                shutil.rmtree(self._folder(import_id), ignore_errors=True)
                incoming.rename(self._folder(import_id))
        finally:
            shutil.rmtree(incoming, ignore_errors=True)
        return import_id

    def choose(
        self,
        import_id: int,
        choices: Choices,
        user_id: int | None,
        forgotten: Collection[str] = (),
        forgotten_answers: Collection[str] = (),
    ) -> None:
        """Save the choices, remember the mappings for workbooks of this shape, and mark the import to be read again.

        Raises NotNowError if the file was not kept or the import is in another state.
        """
        if not (self._folder(import_id) / _WORKBOOK).exists():
            raise NotNowError("The file of this import was not kept, as it cannot be read: upload it again.")
        with transaction():
            if not imports.claim(import_id, (State.PREVIEWED, State.FAILED), State.READING):
                raise NotNowError("This import is no longer waiting for a choice.")
            imports.change(import_id, choices=choices.to_json())
            for fingerprint, mapping in choices.mappings.items():
                imports.remember_mapping(fingerprint, mapping_to_json(mapping), user_id, self.now())
            for fingerprint in forgotten:
                imports.forget_mapping(fingerprint)
            for shape in forgotten_answers:
                imports.forget_answer(shape)
            self._record(user_id, "import.chosen", import_id, {"choices": choices.to_json()})

    def preview(self, import_id: int) -> None:
        """Read the uploaded workbook and save its preview; a refusal becomes the import's failure."""
        stored = self._existing(import_id)
        choices = Choices.from_json(stored.choices)
        try:
            workbook, progress = self._folder(import_id) / _WORKBOOK, self.progress_of(import_id)
            examined = self.examine(workbook, choices, progress, stored.file_name)
        except checking.NothingRecognisedError as refused:
            # Keep the file: a person may map its columns.
            self._keep_preview(import_id, Preview.of(refused.checked, Difference()))
            imports.claim(import_id, (State.READING,), State.FAILED, str(refused))
            return
        except WorkbookRefusedError as refused:
            imports.claim(import_id, (State.READING,), State.FAILED, str(refused))
            (self._folder(import_id) / _WORKBOOK).unlink(missing_ok=True)
            return
        self._keep_records(import_id, examined.checked)
        self._keep_preview(import_id, examined.preview)
        imports.claim(import_id, (State.READING,), State.PREVIEWED, stored.failure)

    def apply(self, import_id: int) -> None:
        """Write a previewed import; if the store has changed since the preview, create a new preview instead."""
        stored = self._existing(import_id)
        choices = Choices.from_json(stored.choices)
        preview = self.preview_of(import_id)
        progress = self.progress_of(import_id)
        try:
            with _without_garbage_collection():
                checked = self._kept_records(import_id, preview)
                self._commit(import_id, checked, choices, preview, progress)
        except NotNowError as reason:
            if imports.claim(import_id, (State.APPLYING,), State.READING, str(reason)):
                self.preview(import_id)
        else:
            (self._folder(import_id) / _RECORDS).unlink(missing_ok=True)

    def apply_if_clean(self, import_id: int) -> None:
        """Write a previewed import immediately if that was requested and nothing is left to decide."""
        stored = imports.get(import_id)
        if stored is None or not stored.apply_when_clean or stored.state is not State.PREVIEWED:
            return
        is_clean = self.preview_of(import_id).why_not(Choices.from_json(stored.choices)) is None
        if is_clean and imports.claim(import_id, (State.PREVIEWED,), State.APPLYING):
            self.apply(import_id)

    def undo(self, import_id: int) -> None:
        """Undo an import; raises NotNowError with the reasons if later records depend on it."""
        self.progress_of(import_id)("undoing")
        with exclusive_transaction():
            stored = imports.get(import_id)
            if stored is None:
                raise NotNowError(f"There is no import {import_id}.")
            if stored.state not in {State.APPLIED, State.UNDOING}:
                raise NotNowError(f"Import {import_id} is {stored.state}: only an applied import can be undone.")
            reasons = tuple(imports.dependents_of(import_id))
            if reasons:
                raise NotNowError("The import cannot be undone, because something later hangs on it.", reasons)
            applying.take_back(import_id)
            imports.change(import_id, state=State.UNDONE, undone_at=self.now())
            self._record(None, "import.undone", import_id)

    def discard(self, import_id: int, user_id: int | None) -> None:
        """Delete an import that wrote nothing, and its file; raises NotNowError for any other."""
        with transaction():
            self._record(user_id, "import.discarded", import_id)
            if not imports.delete(import_id, (State.PREVIEWED, State.FAILED)):
                raise NotNowError("Only an import that wrote nothing can be discarded.")
        shutil.rmtree(self._folder(import_id), ignore_errors=True)

    # --- stored data of an import

    def preview_of(self, import_id: int) -> Preview:
        """Return the saved preview; its lists are cut to SHOWN_OF_EACH_LIST."""
        return preview_from_json(self.preview_json(import_id))

    def preview_json(self, import_id: int) -> dict[str, Any]:
        """Return the saved preview as JSON, with the lengths that its lists had before they were cut."""
        kept: dict[str, Any] = orjson.loads((self._folder(import_id) / _PREVIEW).read_bytes())
        return kept

    def has_preview(self, import_id: int) -> bool:
        """Return whether a preview is saved."""
        return (self._folder(import_id) / _PREVIEW).exists()

    def progress_of(self, import_id: int) -> Progress:
        """Return a function that saves the worker's progress in a file, as others cannot see an open transaction."""
        path = self._folder(import_id) / _PROGRESS

        def report(message: str) -> None:
            _write_whole(path, {"message": message, "at": self.now().isoformat()})

        return report

    def start_progress(self, import_id: int) -> None:
        """Reset the progress to waiting for the worker."""
        self.progress_of(import_id)("waiting for the worker")

    def latest_progress(self, import_id: int) -> tuple[str, datetime] | None:
        """Return the worker's latest progress message and its time, or None if there is none yet."""
        try:
            latest = orjson.loads((self._folder(import_id) / _PROGRESS).read_bytes())
        except FileNotFoundError:
            return None
        return latest["message"], datetime.fromisoformat(latest["at"])

    @contextmanager
    def marked_copy(self, import_id: int) -> Iterator[Path]:
        """Yield the path of the user's workbook with its problems and changes marked; it is deleted afterwards."""
        workbook = self._folder(import_id) / _WORKBOOK
        name = self._existing(import_id).file_name
        with marking.marked_copy(workbook, self.preview_of(import_id), self.limits, name) as path:
            yield path

    def exported(self, stored: snapshot.Snapshot) -> bytes:
        """Return the stored data as a workbook with three tabs."""
        with tempfile.TemporaryDirectory(prefix="export-") as folder:
            path = Path(folder) / "export.xlsx"
            exporting.export(stored, path, self.zone)
            return path.read_bytes()

    def marked_name(self, stored: StoredImport) -> str:
        """Return the download name of the marked copy."""
        ending = ".xlsm" if archive.has_macros(self._folder(stored.id) / _WORKBOOK) else ".xlsx"
        return f"{Path(stored.file_name).stem}-checked{ending}"

    # --- helpers

    def _commit(
        self, import_id: int, checked: Checked, choices: Choices, previewed: Preview, progress: Progress
    ) -> None:
        """Compare and write in one transaction, so that exactly the previewed changes are written, or nothing."""
        progress("writing")
        with exclusive_transaction():
            known = imports.get(import_id)
            if known is None or known.state is not State.APPLYING:
                return  # another process has finished it in the meantime
            stored = snapshot.take()
            found = difference.compare(checked, stored, self.zone, choices.decisions)
            preview = Preview.of(checked, found, previewed.figures)
            if preview.digest != previewed.digest:
                raise NotNowError("What is stored changed after this preview was made: look at it again.")
            self._refuse_if_blocked(preview, choices)
            applying.write(found, stored, import_id, self.zone, self.now())
            imports.change(
                import_id,
                state=State.APPLIED,
                applied_at=self.now(),
                counts=dict(preview.counts),
                control_totals=preview.to_json(0)["tabs"],
            )
            self._remember_answers(preview)
            done = {"sha256": known.sha256, "counts": dict(preview.counts), "choices": choices.to_json()}
            self._record(None, "import.applied", import_id, done)

    def _remember_answers(self, preview: Preview) -> None:
        """Save the answers for workbooks of the same shape, once the import is applied."""
        for one in preview.answered:
            if one.question.shape and not one.is_remembered:
                imports.remember_answer(one.question.shape, one.question.text, one.answer, self.now())

    def _context(self) -> ReadingContext:
        return ReadingContext(self.currency, self.zone, self._today())

    def _today(self) -> date:
        return self.now().astimezone(self.zone).date()

    def _record(self, user_id: int | None, action: str, import_id: int, after: Mapping[str, Any] | None = None) -> None:
        """Write an audit entry for an import; without a user for the worker and the command line."""
        by = users.get(user_id) if user_id is not None else None
        stored = self._existing(import_id)
        details = {"file": stored.file_name, **(after or {})}
        audit.append(by, action, f"import:{import_id}", before={}, after=details, now=self.now())

    def _rehearsed_import(self) -> int:
        return imports.create(
            file_name="",
            sha256="",
            size_bytes=0,
            stored_file="",
            user_id=None,
            now=self.now(),
            state=State.APPLYING,
        )

    def _refuse_if_blocked(self, preview: Preview, choices: Choices) -> None:
        reason = preview.why_not(choices)
        if reason:
            raise NotNowError(reason)

    def _existing(self, import_id: int) -> StoredImport:
        stored = imports.get(import_id)
        if stored is None:
            raise NotNowError("There is no such import any more.")
        return stored

    def _keep_preview(self, import_id: int, preview: Preview) -> None:
        _write_whole(self._folder(import_id) / _PREVIEW, preview.to_json(SHOWN_OF_EACH_LIST))

    def _keep_records(self, import_id: int, checked: Checked) -> None:
        records = (*checked.customers, *checked.invoices, *checked.payments)
        _write_whole(
            self._folder(import_id) / _RECORDS,
            {
                "records": [record.to_json() for record in records],
                "error_rows": sorted(checked.error_rows),
                "broken": sorted(checked.broken),
                "duplicate_rows": checked.duplicate_rows,
            },
        )

    def _kept_records(self, import_id: int, preview: Preview) -> Checked:
        kept = orjson.loads((self._folder(import_id) / _RECORDS).read_bytes())
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

    def _copy_limited(self, stream: BinaryIO, target: Path) -> int:
        size = 0
        with target.open("wb") as out:
            while chunk := stream.read(_CHUNK_BYTES):
                size += len(chunk)
                if size > self.limits.file_bytes:
                    raise WorkbookRefusedError(
                        f"The file is too large: at most {self.limits.file_bytes // MEGABYTE} MB is read."
                    )
                out.write(chunk)
        return size

    def _folder(self, import_id: int) -> Path:
        return self.data_dir / "imports" / str(import_id)


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Disable the cyclic garbage collector: an import makes a million small objects and no reference cycles.

    For 100,000 invoices, applying takes 9.2 s without it and 13.7 s with it.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _plain_name(name: str) -> str:
    """Return the base name of an uploaded file without unprintable characters, at most 200 characters long."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    plain = "".join(character for character in last if character.isprintable())
    return plain[-200:] or "workbook.xlsx"


def _write_whole(path: Path, content: object) -> None:
    """Write the file atomically: a reader sees the old content or the new, never a part."""
    if not path.parent.exists():
        return
    partial = path.with_suffix(f".{os.getpid()}.partial")
    partial.write_bytes(orjson.dumps(content))
    partial.replace(path)
