"""Imports: received, read, chosen, applied, undone or discarded, by a person, a program or the worker."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO

from app.actions import events
from app.files import FilesUnavailableError
from app.store.access import audit, mail_senders
from app.store.access.users import User
from app.store.db.outages import Outage, outage_behind
from app.store.db.transactions import exclusive_transaction, transaction
from app.store.ledger import imports, snapshot
from app.store.ledger.automation import settings as automation
from app.store.ledger.imports import ImportOrigin, Source, State, StoredImport
from app.store.shared import unknown_files
from app.workbook import applying, difference
from app.workbook.difference import Difference
from app.workbook.import_files import ImportFiles, Upload, is_name, plain_name, sha256_of
from app.workbook.importing import Examined, Importer, without_garbage_collection
from app.workbook.meaning import checking
from app.workbook.meaning.results.records import Checked
from app.workbook.preview import Choices, Preview, mapping_to_json
from app.workbook.reading.progress import Progress, Step
from app.workbook.reading.refusal import WorkbookRefusedError

DEPENDED_ON = "The import cannot be undone: later payments or edits depend on it."
_OVERTAKEN = "What is stored changed after this preview was made: look at it again."
_MOST_TRIES = 2
_UNKNOWN_FILES_KEPT_FOR = timedelta(days=30)
_GIVEN_UP = {
    State.READING: "The worker was stopped twice while it read this workbook: split it, or remove what is not a list, "
    "and upload it again.",
    State.APPLYING: "The worker was stopped twice while it applied this workbook, and nothing was changed: try again, "
    "or split it and upload its parts.",
    State.UNDOING: "The worker was stopped twice while it undid this import, and nothing was changed: try again, or "
    "ask the operator of this site for help.",
}


class NotNowError(Exception):
    """The import cannot be done in its current state; the message is one sentence with the reason and what to do."""

    def __init__(self, message: str, reasons: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.reasons = reasons


class GivenUpError(Exception):
    """The worker was killed at the same step before, and does not begin it again; the message says what to do."""


class PreventedError(NotNowError):
    """Something in the preview prevents that the import is applied; the message is one sentence."""


def receive(
    importer: Importer,
    stream: BinaryIO,
    file_name: str,
    by: User | None,
    *,
    state: State = State.READING,
    apply_when_clean: bool = False,
    choices: Choices | None = None,
    origin: ImportOrigin | None = None,
) -> int:
    """Keep an uploaded file and return the id of its import; raises WorkbookRefusedError and keeps nothing."""
    with importer.received(stream) as upload, _kept(importer, upload) as files, transaction():
        import_id = imports.create(
            state,
            importer.now(),
            user_id=by.id if by else None,
            apply_when_clean=apply_when_clean,
            origin=origin,
            file_name=plain_name(file_name),
            sha256=upload.sha256,
            size_bytes=upload.size_bytes,
            stored_file=files.name,
        )
        if choices is not None:
            imports.change(import_id, choices=choices.to_json())
        if state is State.READING:
            # An import by the command line is audited once, as applied.
            details: dict[str, Any] = {"sha256": upload.sha256, "size_bytes": upload.size_bytes}
            if apply_when_clean:
                details["apply_when_clean"] = True
            if origin is not None and origin.sender:
                details["sender"] = origin.sender
            if choices is not None and choices.expected is not None:
                details["expected_cents"] = choices.expected.cents
            _record(importer, by, "import.uploaded", import_id, **details)
    return import_id


def choose(
    importer: Importer,
    import_id: int,
    choices: Choices,
    by: User | None,
    *,
    forgotten: Collection[str] = (),
    forgotten_answers: Collection[str] = (),
) -> None:
    """Save the choices, remember the mappings for workbooks of this shape, and mark the import to be read again.

    Raises NotNowError if the file was not kept or the import is in another state.
    """
    _refuse_without_file(importer, import_id)
    user_id = by.id if by else None
    with transaction():
        if not imports.claim(import_id, (State.PREVIEWED, State.FAILED), State.READING):
            raise NotNowError("This import is no longer waiting for a choice.")
        imports.change(import_id, choices=choices.to_json())
        for fingerprint, mapping in choices.mappings.items():
            imports.remember_mapping(fingerprint, mapping_to_json(mapping), user_id, importer.now())
        for fingerprint in forgotten:
            imports.forget_mapping(fingerprint)
        for shape in forgotten_answers:
            imports.forget_answer(shape)
        _record(importer, by, "import.chosen", import_id, choices=choices.to_json())
    _wait_for_worker(importer, import_id)


def read_again(importer: Importer, import_id: int, by: User) -> None:
    """Have a workbook read again whose reading failed; raises NotNowError if it did not, or the file was not kept."""
    _refuse_without_file(importer, import_id)
    with transaction():
        if not imports.claim(import_id, (State.FAILED,), State.READING):
            raise NotNowError("Only an import whose reading failed can be read again.")
        _record(importer, by, "import.retried", import_id)
    _wait_for_worker(importer, import_id)


def confirm(importer: Importer, stored: StoredImport, by: User, *, good_rows: bool) -> None:
    """Have a previewed import applied; raises PreventedError, or NotNowError if another request was faster."""
    choices = replace(Choices.from_json(stored.choices), good_rows=good_rows)
    if reason := importer.files(stored).preview().why_not(choices):
        raise PreventedError(reason)
    with transaction():
        if not imports.claim(stored.id, (State.PREVIEWED,), State.APPLYING):
            raise NotNowError("This import is not waiting to be applied.")
        imports.change(stored.id, choices=choices.to_json())
        _record(importer, by, "import.confirmed", stored.id, good_rows=good_rows)
    _wait_for_worker(importer, stored.id)


def recall(importer: Importer, stored: StoredImport, by: User) -> None:
    """Have an applied import undone; raises NotNowError if it is not applied."""
    with transaction():
        if not imports.claim(stored.id, (State.APPLIED,), State.UNDOING):
            raise NotNowError("Only an applied import can be undone.")
        _record(importer, by, "import.recalled", stored.id)
    _wait_for_worker(importer, stored.id)


def discard(importer: Importer, import_id: int, by: User | None) -> None:
    """Delete an import that wrote nothing, read or not, and its file; raises NotNowError for any other."""
    with transaction():
        discarded = _existing(import_id)
        if not imports.delete(import_id, (State.READING, State.PREVIEWED, State.FAILED)):
            raise NotNowError("Only an import that wrote nothing can be discarded.")
        audit.append(
            by, "import.discarded", f"import:{import_id}", after={"file": discarded.file_name}, now=importer.now()
        )
    importer.files(discarded).delete()


def earlier(path: Path) -> StoredImport | None:
    return imports.latest_with_content(sha256_of(path), (State.APPLIED,))


def apply_file(
    importer: Importer, path: Path, examined: Examined, choices: Choices, by: User | None, progress: Progress
) -> int:
    """Import an examined workbook, keep the file as its source, and return the import's id; raises NotNowError."""
    _refuse_if_prevented(examined.preview, choices)
    received = None
    try:
        # One transaction: if the command is interrupted, nothing of an unfinished import remains.
        with exclusive_transaction():
            with path.open("rb") as stream:
                received = _existing(receive(importer, stream, path.name, by, state=State.APPLYING))
            importer.files(received).keep_preview(examined.preview)
            imports.change(received.id, choices=choices.to_json())
            _write(importer, received.id, examined.checked, choices, examined.preview, progress)
    except BaseException as error:
        if received is not None:
            _delete_unstored(importer.files(received), error)
        raise
    return received.id


def note_report(importer: Importer, import_id: int, recipient: str, by: User | None) -> None:
    """Note once that the report of an import was sent; a second call changes nothing."""
    with transaction():
        if imports.note_report(import_id, recipient, importer.now()):
            _record(importer, by, "import.reported", import_id, recipient=recipient)


# --- the worker


def preview(importer: Importer, import_id: int) -> None:
    """Read the uploaded workbook and save its preview; a refusal becomes the import's failure.

    Raises GivenUpError.
    """
    stored = _existing(import_id)
    files = importer.files(stored)
    if stored.state is not State.READING or not _begin(importer, stored):
        return
    try:
        choices = Choices.from_json(stored.choices)
        with files.fetched_workbook() as workbook:
            examined = importer.examine(workbook, choices, files.progress, stored.file_name)
    except checking.NothingRecognisedError as refused:
        # Keep the file: a person may map its columns.
        _end_reading(importer, stored, State.FAILED, str(refused), files, Preview.of(refused.checked, Difference()))
    except WorkbookRefusedError as refused:
        if fail_step(importer, stored, State.FAILED, str(refused)):
            files.delete_workbook()
    else:
        # One step, not two: a worker that is killed between them would leave a clean import unapplied.
        is_clean = _applies_itself(stored) and examined.preview.why_not(choices) is None
        state = State.APPLYING if is_clean else State.PREVIEWED
        _end_reading(importer, stored, state, stored.failure, files, examined.preview, examined.checked)


def apply(importer: Importer, import_id: int) -> None:
    """Write a previewed import; if the store has changed since the preview, create a new preview instead.

    Raises GivenUpError.
    """
    stored = _existing(import_id)
    files = importer.files(stored)
    if stored.state is not State.APPLYING or not _begin(importer, stored):
        return
    previewed = files.preview()
    try:
        with without_garbage_collection():
            checked = files.records(previewed)
            _write(importer, import_id, checked, Choices.from_json(stored.choices), previewed, files.progress)
    except NotNowError as reason:
        if imports.end_step(stored, State.READING, str(reason)):
            preview(importer, import_id)
    else:
        files.delete_records()


def undo(importer: Importer, import_id: int) -> None:
    """Undo an import; raises NotNowError with the reasons if later records depend on it, or GivenUpError."""
    recalled = imports.get(import_id)
    if recalled is None:
        raise NotNowError(f"There is no import {import_id}.")
    if recalled.state is State.UNDOING:
        _begin(importer, recalled)
    importer.files(recalled).progress(Step("undoing the import"))
    with exclusive_transaction():
        stored = _existing(import_id)
        if stored.state not in {State.APPLIED, State.UNDOING}:
            raise NotNowError(f"Import {import_id} is {stored.state}: only an applied import can be undone.")
        if reasons := imports.dependents_of(import_id).sentences():
            raise NotNowError(DEPENDED_ON, tuple(reasons))
        applying.take_back(import_id)
        imports.change(import_id, state=State.UNDONE, undone_at=importer.now())
        _record(importer, None, "import.undone", import_id)
        events.import_undone(stored, importer.now())


def delete_unknown_files(importer: Importer) -> int:
    """Delete the files that have belonged to no import for 30 days; return of how many imports.

    They are of an upload whose process was killed before its import was stored, or of an import that is gone. The
    database notes since when: after a restore, however it was made, the 30 days begin again for the imports that it
    does not know, as `fab restore --back` may return to them.
    """
    now = importer.now()
    unknown = set(filter(is_name, importer.stored_files.folders())) - imports.stored_file_names()
    since = {name: at for name, at in unknown_files.noted().items() if name in unknown}
    old = [name for name, at in sorted(since.items()) if now - at > _UNKNOWN_FILES_KEPT_FOR]
    for name in old:
        importer.stored_files.delete_folder(name)
    unknown_files.note({name: since.get(name, now) for name in unknown.difference(old)})
    return len(old)


def _write(
    importer: Importer, import_id: int, checked: Checked, choices: Choices, previewed: Preview, progress: Progress
) -> None:
    """Compare and write in one transaction, so that exactly the previewed changes are written, or nothing."""
    progress(Step("writing what the workbook has"))
    with exclusive_transaction():
        known = imports.get(import_id)
        if known is None or known.state is not State.APPLYING:
            return  # another process has finished it in the meantime
        stored = snapshot.take()
        found = difference.compare(checked, stored, importer.zone, choices.decisions)
        current = Preview.of(checked, found, previewed.figures)
        if current.digest != previewed.digest:
            raise NotNowError(_OVERTAKEN)
        _refuse_if_prevented(current, choices)
        applying.write(found, stored, import_id, importer.zone, importer.now())
        # The figures of the preview are as old as it is: other invoices may have changed since.
        if choices.expected and choices.expected.differs_from(importer.figures()):
            raise NotNowError(_OVERTAKEN)
        imports.change(
            import_id,
            state=State.APPLIED,
            applied_at=importer.now(),
            counts=dict(current.counts),
            control_totals=current.to_json(0)["tabs"],
        )
        for one in current.answered:
            if one.question.shape and not one.is_remembered:
                imports.remember_answer(one.question.shape, one.question.text, one.answer, importer.now())
        details = {"sha256": known.sha256, "counts": dict(current.counts), "choices": choices.to_json()}
        _record(importer, None, "import.applied", import_id, **details)
        events.import_applied(known, current.counts, importer.now())


def fail_step(importer: Importer, stored: StoredImport, state: State, failure: str) -> bool:
    """Move an import on from a step that failed, and return whether it was still at it."""
    with transaction():
        is_moved = imports.end_step(stored, state, failure)
        if is_moved:
            events.import_failed(stored, failure, importer.now())
        return is_moved


@contextmanager
def _kept(importer: Importer, upload: Upload) -> Iterator[ImportFiles]:
    """Keep the workbook before its row is stored, which so never names a file that is not there."""
    files = importer.new_files()
    try:
        files.keep_workbook(upload)
        yield files
    except BaseException as error:
        _delete_unstored(files, error)
        raise


def _delete_unstored(files: ImportFiles, error: BaseException) -> None:
    # After a commit without an answer, or one that Ctrl+C interrupted, the row may be stored, and names them.
    may_be_stored = not isinstance(error, Exception) or outage_behind(error) is Outage.COMMIT_UNANSWERED
    is_bucket_away = isinstance(error, FilesUnavailableError)
    if not may_be_stored and not is_bucket_away:
        files.delete()


def _applies_itself(stored: StoredImport) -> bool:
    """Ask again what was so when the mail came: it may have waited for an answer since."""
    is_trusted = stored.source is not Source.MAIL or (
        automation.current().applies_mailed and mail_senders.is_known(stored.sender)
    )
    return stored.apply_when_clean and is_trusted


def _begin(importer: Importer, stored: StoredImport) -> bool:
    """Count the try before it begins: it may need so much that the worker is killed. Raises GivenUpError."""
    if stored.tries >= _MOST_TRIES:
        raise GivenUpError(_GIVEN_UP[stored.state])
    return imports.count_try(stored, importer.now())


def _end_reading(
    importer: Importer,
    stored: StoredImport,
    state: State,
    failure: str,
    files: ImportFiles,
    previewed: Preview,
    checked: Checked | None = None,
) -> None:
    """Save what was read, unless the import was discarded meanwhile."""
    with transaction():
        has_failed = state is State.FAILED
        if fail_step(importer, stored, state, failure) if has_failed else imports.end_step(stored, state, failure):
            if checked:
                files.keep_records(checked)
            files.keep_preview(previewed)
            return
    if imports.get(stored.id) is None:
        files.delete()  # what the worker wrote of its progress since


def _refuse_if_prevented(previewed: Preview, choices: Choices) -> None:
    if reason := previewed.why_not(choices):
        raise NotNowError(reason)


def _refuse_without_file(importer: Importer, import_id: int) -> None:
    if not importer.files(_existing(import_id)).has_workbook():
        raise NotNowError("The file of this import was not kept, as it cannot be read: upload it again.")


def _wait_for_worker(importer: Importer, import_id: int) -> None:
    importer.files(_existing(import_id)).progress(Step("waiting for the worker"))


def _record(importer: Importer, by: User | None, action: str, import_id: int, **after: Any) -> None:  # noqa: ANN401  # values of every kind
    details = {"file": _existing(import_id).file_name, **after}
    audit.append(by, action, f"import:{import_id}", after=details, now=importer.now())


def _existing(import_id: int) -> StoredImport:
    stored = imports.get(import_id)
    if stored is None:
        raise NotNowError("There is no such import any more.")
    return stored
