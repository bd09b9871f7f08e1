"""Reading a workbook and comparing it with what is stored; nothing is written."""

import gc
import traceback
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import BinaryIO
from zoneinfo import ZoneInfo

from app.domain.as_of import AsOf
from app.domain.firm import Firm
from app.files import Files
from app.store.db.rehearsal import rehearse
from app.store.ledger import firm, imports, positions, snapshot
from app.store.ledger.imports import State, StoredImport
from app.workbook import applying, difference
from app.workbook.difference import Difference
from app.workbook.figures import ImportFigures
from app.workbook.import_files import ImportFiles, Upload, received
from app.workbook.meaning import checking, control_totals
from app.workbook.meaning.checking import ReadingContext
from app.workbook.meaning.results.records import Checked
from app.workbook.preview import Choices, Preview, mapping_from_json
from app.workbook.reading import archive
from app.workbook.reading.book import read_book
from app.workbook.reading.limits import WorkbookLimits
from app.workbook.reading.progress import Progress, Step
from app.workbook.reading.refusal import WorkbookRefusedError
from app.workbook.writing import exporting, marking


@dataclass(frozen=True, slots=True)
class Examined:
    """A workbook that was read and compared with the store."""

    checked: Checked
    preview: Preview


@dataclass(frozen=True, slots=True)
class Importer:
    """The context of imports: data directory, files, limits, the firm as long as its data are not saved, and clock."""

    data_dir: Path
    stored_files: Files
    limits: WorkbookLimits
    unsaved_firm: Firm
    now: Callable[[], datetime]

    @property
    def zone(self) -> ZoneInfo:
        return self.firm.zone

    @property
    def firm(self) -> Firm:
        return firm.current(self.unsaved_firm)

    def files(self, stored: StoredImport) -> ImportFiles:
        return ImportFiles(self.stored_files, stored.stored_file, self.now)

    def new_files(self) -> ImportFiles:
        return ImportFiles.new(self.stored_files, self.now)

    def received(self, stream: BinaryIO) -> AbstractContextManager[Upload]:
        """Receive an uploaded file for the block; raises WorkbookRefusedError."""
        return received(stream, self.limits)

    def examine(self, path: Path, choices: Choices, progress: Progress, name: str | None = None) -> Examined:
        """Read a workbook and rehearse its import without writing anything; raises WorkbookRefusedError.

        `name` is the user's file name, if `path` has another.
        """
        try:
            return self._examined(path, choices, progress, name or path.name)
        except MemoryError as error:
            forget_frames(error)
            raise WorkbookRefusedError(
                "The workbook needs more memory than one may take: split it, or remove what is not a list."
            ) from error

    def _examined(self, path: Path, choices: Choices, progress: Progress, name: str) -> Examined:
        with without_garbage_collection():
            book = read_book(path, self.limits, progress, name)
            progress(Step("comparing with what is stored"))
            stored, ours = snapshot.take(), self.firm
            chosen = {key: mapping_from_json(mapping) for key, mapping in imports.remembered_mappings().items()}
            answers = replace(choices.answers, remembered=imports.remembered_answers())
            context = ReadingContext(ours.currency, ours.zone, self._today())
            checked = checking.check(book, chosen | dict(choices.mappings), answers, stored, context, progress)
            control_totals.add_control_totals(checked, stored)
            found = difference.compare(checked, stored, ours.zone, choices.decisions)
            if found.writes:
                progress(Step("working out what you would be owed"))
            return Examined(checked, Preview.of(checked, found, self._rehearsed(found, stored)))

    @contextmanager
    def marked_copy(self, stored: StoredImport) -> Iterator[Path]:
        """Give the path of the user's workbook with its problems and changes marked; it is deleted afterwards."""
        files = self.files(stored)
        with (
            files.fetched_workbook() as workbook,
            marking.marked_copy(workbook, files.preview(), self.limits, stored.file_name) as copy,
        ):
            yield copy

    def marked_name(self, stored: StoredImport) -> str:
        with self.files(stored).fetched_workbook() as workbook:
            ending = ".xlsm" if archive.has_macros(workbook) else ".xlsx"
        return f"{Path(stored.file_name).stem}-checked{ending}"

    def exported(self, stored: snapshot.Snapshot) -> bytes:
        """Return the stored data as a workbook with three tabs."""
        return exporting.export(stored, self.zone)

    def figures(self) -> ImportFigures:
        """Return what is owed now, with no figures of before."""
        return ImportFigures.of([], positions.of_customers(AsOf.end_of(self._today(), self.zone)))

    def _rehearsed(self, found: Difference, stored: snapshot.Snapshot) -> ImportFigures:
        as_of = AsOf.end_of(self._today(), self.zone)

        def rehearsal() -> ImportFigures:
            before = positions.of_customers(as_of)
            if found.writes:
                import_id = imports.create(State.APPLYING, self.now())
                applying.rehearse(found, stored, import_id, self.zone, self.now())
            return ImportFigures.of(before, positions.of_customers(as_of))

        return rehearse(rehearsal)

    def _today(self) -> date:
        return self.now().astimezone(self.zone).date()


def forget_frames(error: MemoryError) -> None:
    """Let go of what the functions held that ran out of memory, so that there is some again to say so."""
    traceback.clear_frames(error.__traceback__)


@contextmanager
def without_garbage_collection() -> Iterator[None]:
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
