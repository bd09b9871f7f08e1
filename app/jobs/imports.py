"""The worker's import jobs: reading, applying and undoing workbooks."""

import logging
import secrets
from collections.abc import Callable
from datetime import datetime
from functools import partial

from huey import Huey, crontab
from peewee import PeeweeException

from app.actions import imports as import_actions
from app.files import FilesUnavailableError
from app.jobs.job_counts import DONE, FAILED
from app.jobs.job_queue import QueueUnavailableError
from app.store.db.after_commit import after_commit
from app.store.db.current_user import Actor, acting_as
from app.store.db.database import AdvisoryLock, connection
from app.store.db.held_locks import only_here
from app.store.db.outages import Outage, outage_behind
from app.store.ledger import imports
from app.store.ledger.imports import State, StoredImport
from app.workbook.importing import Importer, forget_frames

INBOX_FOLDER = "the inbox folder"

log = logging.getLogger(__name__)


class ImportJobs:
    def __init__(self, queue: Huey, importer: Importer) -> None:
        self._importer = importer
        self._after_each: list[Callable[[int], None]] = []
        self._task = queue.task(name="work_on_import")(self.work_on)
        # Jobs that were lost with a connection or the worker are enqueued again within a minute.
        queue.periodic_task(self._is_any_unfinished, name="take_up_unfinished")(self.enqueue_unfinished)

        queue.periodic_task(crontab(hour="3", minute="29"), name="delete_unknown_files")(self.delete_unknown_files)

    def after_each(self, action: Callable[[int], None]) -> None:
        """Call the action with the id of each import after the worker was at it."""
        self._after_each.append(action)

    def _is_any_unfinished(self, _minute: datetime) -> bool:
        """Ask before anything is queued: what is queued is written, and each write of an idle server is archived."""
        with connection():
            return bool(imports.in_work())

    def enqueue(self, import_id: int) -> None:
        """Enqueue the job after the transaction commits, so that the worker sees the import's new state."""
        after_commit(partial(self._put, import_id))

    def _put(self, import_id: int) -> None:
        try:
            self._task(import_id)
        except (QueueUnavailableError, PeeweeException) as error:
            # `enqueue_unfinished` will retry it: the request was committed and must not appear to have failed.
            log.warning("import %s waits until the worker looks for what is unfinished: %s", import_id, error)

    def enqueue_unfinished(self) -> None:
        """Enqueue the unfinished imports again; that is safe, as each step is one transaction."""
        with connection():
            for stored in imports.in_work():
                self.enqueue(stored.id)

    def delete_unknown_files(self) -> None:
        with connection():
            try:
                count = import_actions.delete_unknown_files(self._importer)
            except FilesUnavailableError as error:
                log.warning("files without an import are looked for again tomorrow: %s", error)
                return
        if count:
            log.info("%s folders of files without an import were deleted", count)

    def work_on(self, import_id: int) -> str:
        """Read, apply or undo the import, depending on its state; any error is logged and stored as its failure."""
        with connection():
            begun = imports.get(import_id)
            if begun is None or not begun.state.is_in_work:
                return DONE
            with acting_as(Actor(program=_program(begun))):
                outcome = self._worked_on(begun)
            for action in self._after_each:
                action(import_id)
            return outcome

    def _worked_on(self, begun: StoredImport) -> str:
        try:
            with only_here(AdvisoryLock.IMPORT, begun.id) as is_free:
                if is_free:
                    self._do(begun)
        except Exception as error:  # noqa: BLE001  # it ends this step, and not the worker
            self._take_back(begun, error)
            return FAILED
        return DONE

    def _do(self, begun: StoredImport) -> None:
        import_id = begun.id
        match begun.state:
            case State.READING:
                import_actions.preview(self._importer, import_id)
                if (read := imports.get(import_id)) and read.state is State.APPLYING:
                    import_actions.apply(self._importer, import_id)
            case State.APPLYING:
                import_actions.apply(self._importer, import_id)
            case _:
                try:
                    import_actions.undo(self._importer, import_id)
                except import_actions.NotNowError as refused:
                    reasons = " ".join([str(refused), *refused.reasons])
                    import_actions.fail_step(self._importer, begun, State.APPLIED, reasons)

    def _take_back(self, begun: StoredImport, error: Exception) -> None:
        """Have the import as it was before the step that failed, which may be a later one than was begun with."""
        stored = imports.get(begun.id)
        if stored is not None and stored.uploaded_at == begun.uploaded_at and stored.state in _STATE_BEFORE:
            import_actions.fail_step(self._importer, stored, _STATE_BEFORE[stored.state], _why(stored, error))


def _program(begun: StoredImport) -> str:
    """Return what acts: the inbox folder itself as long as the file of an import lies there."""
    return INBOX_FOLDER if begun.inbox_name and begun.filed_at is None else "the worker"


def _why(stored: StoredImport, error: Exception) -> str:
    if isinstance(error, import_actions.GivenUpError):
        log.warning("import %s is not tried again (%s)", stored.id, stored.state)
        return str(error)
    if isinstance(error, FilesUnavailableError):
        log.warning("import %s waits to be tried again: %s", stored.id, error)
        return str(error)
    if isinstance(error, MemoryError):
        forget_frames(error)
    failure_id = secrets.token_hex(4)
    log.error("failure %s at import %s (%s)", failure_id, stored.id, stored.state, exc_info=error)
    failure = _OUT_OF_MEMORY if isinstance(error, MemoryError) else _FAILURES.get(outage_behind(error), _FAILURE)
    return failure.format(failure_id)


_FAILURE = "Something went wrong and nothing was changed; the log tells more under {}."
_OUT_OF_MEMORY = (
    "That needs more memory than the worker has, and nothing was changed: split the workbook, or ask the operator of "
    "this site for more ({})."
)
_AWAY = "The database went away and nothing was changed; please try again ({})."
_FAILURES: dict[Outage | None, str] = {
    Outage.DISK_FULL: "The disk of the server is full and nothing was changed; try again once there is room ({}).",
    Outage.LOCKED: "Somebody else was writing at the same time and nothing was changed; please try again ({}).",
    # An import whose state is as before was not stored, even if the commit was not answered.
    Outage.COMMIT_UNANSWERED: _AWAY,
    Outage.DATABASE_AWAY: _AWAY,
}
_STATE_BEFORE = {State.READING: State.FAILED, State.APPLYING: State.PREVIEWED, State.UNDOING: State.APPLIED}
