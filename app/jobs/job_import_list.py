"""The imports on the page of jobs."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from app.actions import imports as import_actions
from app.domain.permissions import Right
from app.jobs.imports import ImportJobs
from app.jobs.job_list import FAILED_FOR, JobAction, JobRow, JobState
from app.store.access.users import User
from app.store.ledger import imports
from app.store.ledger.imports import State, StoredImport
from app.workbook.importing import Importer
from app.workbook.reading.progress import Step

_KINDS = {State.READING: "Workbook read", State.APPLYING: "Import applied", State.UNDOING: "Import undone"}
_KINDS_THAT_FAILED = {State.FAILED: State.READING, State.PREVIEWED: State.APPLYING, State.APPLIED: State.UNDOING}
_DISCARD = (JobAction.CANCEL, "Discard")
_READ_AGAIN = (JobAction.RETRY, "Read again")
_WHY_NOT = {
    State.APPLYING: "It is written as a whole or not at all, so it cannot be cancelled halfway: undo it afterwards.",
    State.UNDOING: "It is undone as a whole or not at all, so it cannot be cancelled halfway.",
    State.FAILED: "Its file was not kept, as it cannot be read: upload it again.",
    State.PREVIEWED: "Open it to look at it again, and to apply or discard it.",
    State.APPLIED: "Open it to see what prevents that it is undone.",
}
_WAITS = Step("waiting for the worker")


@dataclass(frozen=True, slots=True)
class ImportSource:
    importer: Importer
    jobs: ImportJobs
    name: str = "imports"
    right: Right = Right.IMPORT

    def rows(self, now: datetime) -> Iterator[JobRow]:
        if not imports.is_any_in_work_or_failed(now - FAILED_FOR):
            return
        for stored in imports.in_work():
            yield self._in_work(stored)
        for stored in imports.failed_since(now - FAILED_FOR):
            yield self._failed(stored)

    def cancel(self, job_id: int, by: User, now: datetime) -> str:  # noqa: ARG002  # the importer has a clock of its own
        stored = imports.existing(job_id)
        import_actions.discard(self.importer, job_id, by)
        return f"{stored.file_name} was discarded; nothing was imported."

    def retry(self, job_id: int, by: User, now: datetime) -> str:  # noqa: ARG002  # the importer has a clock of its own
        stored = imports.existing(job_id)
        import_actions.read_again(self.importer, job_id, by)
        self.jobs.enqueue(job_id)
        return f"{stored.file_name} is read again."

    def _in_work(self, stored: StoredImport) -> JobRow:
        step, at = self.importer.files(stored).latest_progress() or (_WAITS, stored.uploaded_at)
        is_begun = stored.tries > 0
        return JobRow(
            stored.id,
            _KINDS[stored.state],
            stored.file_name,
            JobState.RUNNING if is_begun else JobState.WAITING,
            (stored.begun_at if is_begun else None) or at,
            f"/imports/{stored.id}",
            step=step.message if is_begun else "",
            share=step.rows * 100 // step.of if is_begun and step.is_measured else None,
            tries=stored.tries,
            can=(_DISCARD,) if stored.state is State.READING else (),
            why_not=_WHY_NOT.get(stored.state, ""),
        )

    def _failed(self, stored: StoredImport) -> JobRow:
        is_kept = self.importer.files(stored).has_workbook()
        can = ((_READ_AGAIN, _DISCARD) if is_kept else (_DISCARD,)) if stored.state is State.FAILED else ()
        return JobRow(
            stored.id,
            _KINDS[_KINDS_THAT_FAILED[stored.state]],
            stored.file_name,
            JobState.FAILED,
            stored.begun_at or stored.uploaded_at,
            f"/imports/{stored.id}",
            failure=stored.failure,
            can=can,
            why_not="" if _READ_AGAIN in can else _WHY_NOT[stored.state],
        )
