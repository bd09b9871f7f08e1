"""Imports: upload a workbook, see what it would change, decide, apply it, undo it."""

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import Any

from bottle import HTTPResponse

from app.actions import imports as import_actions
from app.domain import import_summary
from app.domain.paging import page_count
from app.jobs.heartbeat import Heartbeat
from app.jobs.imports import ImportJobs
from app.store.ledger import import_rows, imports
from app.store.ledger.imports import State, StoredImport
from app.web.http.downloads import download, export, one_at_a_time
from app.web.http.errors import ConflictError
from app.web.http.forms import Form
from app.web.http.rendering import Pages, address
from app.web.http.request_context import RequestContext
from app.web.pages.import_choices import (
    Mappable,
    chosen,
    for_other_conflicts,
    forgotten_answers,
    forgotten_mappings,
    grouped,
)
from app.workbook.difference import Outcome
from app.workbook.importing import Importer
from app.workbook.meaning.cell_values.amounts import UnreadableError
from app.workbook.preview import Choices, Preview
from app.workbook.reading.limits import MEGABYTE
from app.workbook.reading.progress import Step
from app.workbook.reading.refusal import WorkbookRefusedError
from app.workbook.writing.demo import sample
from app.workbook.writing.template import template

_QUIET_AFTER_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Imports:
    pages: Pages
    importer: Importer
    jobs: ImportJobs
    heartbeat: Heartbeat

    def index(self, context: RequestContext, refused: str = "") -> HTTPResponse:
        values = {"found": imports.newest_first(), "refused": refused, **self._limits()}
        return self.pages.show(context, "imports/index.html", status=422 if refused else 200, **values)

    def create(self, context: RequestContext) -> HTTPResponse:
        upload = context.files.get("workbook")
        if upload is None or not upload.raw_filename:
            return self.index(context, "Choose a workbook first: an .xlsx or .xlsm file, or a list as .csv.")
        try:
            import_id = import_actions.receive(self.importer, upload.file, upload.raw_filename, context.user)
        except WorkbookRefusedError as refused:
            return self.index(context, f"{upload.raw_filename}: {refused}")
        return self._enqueued(context, import_id)

    def sample(self, context: RequestContext) -> HTTPResponse:
        with one_at_a_time():
            return download(sample(context.today), "sample-receivables.xlsx")

    def template(self, _: RequestContext) -> HTTPResponse:
        return download(template(), "receivables-template.xlsx")

    def show(self, context: RequestContext, import_id: int) -> HTTPResponse:
        stored = imports.existing(import_id)
        values: dict[str, Any] = {"stored": stored, "outcomes": Outcome, "states": State}
        if stored.state.is_in_work:
            return self.pages.show(context, "imports/working.html", **values, progress=self._progress(context, stored))
        if stored.state in {State.APPLIED, State.UNDONE}:
            return self.pages.show(context, "imports/applied.html", **values, **self._applied(context, stored))
        if not self.importer.files(stored).has_preview():
            return self.pages.show(context, "imports/failed.html", **values, **self._limits())
        return self.pages.show(context, "imports/preview.html", **values, **self._preview(context, stored))

    def progress(self, context: RequestContext, import_id: int) -> HTTPResponse:
        """Have the page reloaded when the worker is done."""
        stored = imports.existing(import_id)
        if not stored.state.is_in_work:
            return HTTPResponse(status=204, headers={"HX-Refresh": "true"})
        return self.pages.show(context, "imports/_progress.html", progress=self._progress(context, stored))

    def choose(self, context: RequestContext, import_id: int) -> HTTPResponse:
        stored = imports.existing(import_id)
        mappables = [Mappable(tab) for tab in self._kept_preview(stored).tabs]
        before = Choices.from_json(stored.choices)
        try:
            choices = chosen(context.form, before, mappables, context.locale, context.firm.currency)
        except UnreadableError as error:
            values = {"stored": stored, "outcomes": Outcome, "states": State, **self._preview(context, stored)}
            said = {"expected_text": context.form.get("expected", ""), "expected_error": f"This {error}."}
            return self.pages.show(context, "imports/preview.html", status=422, **(values | said))
        forgotten = forgotten_mappings(context.form, mappables)
        again = forgotten_answers(context.form)
        import_actions.choose(
            self.importer, import_id, choices, context.user, forgotten=forgotten, forgotten_answers=again
        )
        return self._enqueued(context, import_id)

    def apply(self, context: RequestContext, import_id: int) -> HTTPResponse:
        stored = imports.existing(import_id)
        good_rows = context.form.get("good_rows") == "yes"
        self._kept_preview(stored)
        import_actions.confirm(self.importer, stored, context.user, good_rows=good_rows)
        return self._enqueued(context, import_id)

    def undo(self, context: RequestContext, import_id: int) -> HTTPResponse:
        import_actions.recall(self.importer, imports.existing(import_id), context.user)
        return self._enqueued(context, import_id)

    def discard(self, context: RequestContext, import_id: int) -> HTTPResponse:
        stored = imports.existing(import_id)
        import_actions.discard(self.importer, import_id, context.user)
        return self.pages.redirect(
            context, "/imports", flash=f"{stored.file_name} was discarded; nothing was imported."
        )

    def marked_copy(self, context: RequestContext, import_id: int) -> HTTPResponse:
        stored = imports.existing(import_id)
        rows = sum(self._kept_preview(stored).counts.values())
        try:
            with one_at_a_time(), self.importer.marked_copy(stored) as path:
                content = path.read_bytes()
        except WorkbookRefusedError as refused:
            raise ConflictError(str(refused)) from refused
        name = self.importer.marked_name(stored)
        return export(context, f"marked copy of import {import_id}", content, name, rows)

    def _enqueued(self, context: RequestContext, import_id: int) -> HTTPResponse:
        self.jobs.enqueue(import_id)
        return self.pages.redirect(context, f"/imports/{import_id}")

    def _limits(self) -> dict[str, Any]:
        return {"largest_megabytes": self.importer.limits.file_bytes // MEGABYTE}

    def _progress(self, context: RequestContext, stored: StoredImport) -> dict[str, Any]:
        said = self.importer.files(stored).latest_progress()
        step, at = said or (Step("waiting for the worker"), stored.uploaded_at)
        is_quiet = (context.now - at).total_seconds() > _QUIET_AFTER_SECONDS
        is_silent = is_quiet and not self.heartbeat.was_heard(context.now.timestamp())
        return {"import_id": stored.id, "step": step, "is_silent": is_silent}

    def _preview(self, context: RequestContext, stored: StoredImport) -> dict[str, Any]:
        kept = self.importer.files(stored).preview_json()
        preview = self.importer.files(stored).preview()
        choices = Choices.from_json(stored.choices)
        by_outcome = defaultdict(list)
        for change in preview.changes:
            by_outcome[change.outcome].append(change)
        return {
            "preview": preview,
            "choices": choices,
            "lengths": kept["totals"],
            "counts": _counts(preview),
            "order": import_summary.order(preview.written),
            "undecided": preview.undecided_conflicts(choices.decisions),
            "changes": by_outcome,
            "for_other_conflicts": for_other_conflicts(by_outcome[Outcome.CONFLICT]),
            "why_not": preview.why_not(replace(choices, good_rows=False)),
            "why_not_good_rows": preview.why_not(replace(choices, good_rows=True)),
            "mappables": [Mappable(tab) for tab in preview.tabs],
            "questions": grouped(preview.questions),
            "expected_text": context.locale.money(choices.expected.cents) if choices.expected else "",
            "expected_error": "",
        }

    def _applied(self, context: RequestContext, stored: StoredImport) -> dict[str, Any]:
        fields = Form(context.query)
        tab = fields.text("tab")
        row = fields.whole_number("row", 0, most=10_000_000) or None
        number = fields.page()
        count = import_rows.count(stored.id, tab, row)
        is_refused = stored.state is State.APPLIED and stored.failure.startswith(import_actions.DEPENDED_ON)
        return {
            "dependents": imports.dependents_of(stored.id) if is_refused else None,
            "done": import_summary.done(import_rows.written(stored.id)),
            "rows": import_rows.page(stored.id, tab, row, number),
            "count": count,
            "tabs": import_rows.tabs(stored.id),
            "tab": tab,
            "row": row,
            "page": number,
            "pages": page_count(count),
            "page_address": lambda other: address(f"/imports/{stored.id}", tab=tab, row=row or "", page=other),
        }

    def _kept_preview(self, stored: StoredImport) -> Preview:
        if stored.state not in {State.PREVIEWED, State.FAILED} or not self.importer.files(stored).has_preview():
            raise ConflictError("This import has no preview any more: upload the workbook again.")
        return self.importer.files(stored).preview()


def _counts(preview: Preview) -> dict[str, int]:
    """Tell rows that wait for an answer from those with problems: only the latter are in the list of problems."""
    errors = preview.counts["error"] - preview.waiting
    return {**preview.counts, "error": errors} | ({"waiting": preview.waiting} if preview.waiting else {})
