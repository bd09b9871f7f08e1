"""Mark problems and changes in the cells of the user's workbook."""

import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app.domain.fields import own
from app.domain.sentences import plain
from app.workbook.difference import Outcome, RowChange
from app.workbook.preview import Preview
from app.workbook.reading.book import run_limited
from app.workbook.reading.limits import WorkbookLimits
from app.workbook.reading.tab_names import tab_name

_COMMENTS = {
    Outcome.NEW: "New.",
    Outcome.CHANGED: "Changed: stored is '{old}'.",
    Outcome.CONFLICT: "Conflict: the app has '{old}'. {reason}",
}


@contextmanager
def marked_copy(workbook: Path, preview: Preview, limits: WorkbookLimits, name: str | None = None) -> Iterator[Path]:
    """Yield the path of a marked copy, deleted afterwards; raises WorkbookRefusedError if it exceeds the limits.

    `name` is the user's file name: a text list, such as a .csv, becomes a workbook with a tab of that name.
    """
    with tempfile.TemporaryDirectory(prefix="marked-") as folder:
        marks, target = Path(folder) / "marks.json", Path(folder) / "marked"
        marks.write_text(plain(json.dumps(_marks(preview), ensure_ascii=False)), encoding="utf-8")
        tab = tab_name(name or workbook.name)
        arguments = [str(workbook.absolute()), str(target), str(limits.memory_bytes), str(marks), tab]
        run_limited("app.workbook.writing.marker", arguments, limits)
        yield target


def _marks(preview: Preview) -> dict[str, list[dict[str, str]]]:
    columns = {
        tab.name: {name: column["column"] for column in tab.columns if (name := _field(column))} for tab in preview.tabs
    }
    problems = [
        {"tab": found.tab, "cell": found.cell, "text": found.message, "outcome": "problem"}
        for found in preview.problems
    ]
    changes = [mark for change in preview.changes for mark in _change_marks(change, columns.get(change.tab, {}))]
    return {"problems": problems, "changes": changes}


def _field(column: Mapping[str, Any]) -> str | None:
    """Return the field name used in changes of the column's cells, or None."""
    own_field = column.get("own_field")
    return own(own_field) if own_field else column["field"]


def _change_marks(change: RowChange, columns: dict[str, str]) -> Iterator[dict[str, str]]:
    if not change.fields:
        first = min(columns.values(), default="A", key=lambda letters: (len(letters), letters))
        yield _mark(
            change, first, _COMMENTS[Outcome.NEW] if change.outcome is Outcome.NEW else change.reason or "Changed."
        )
    for field in change.fields:
        if field.field in columns:
            yield _mark(
                change, columns[field.field], _COMMENTS[change.outcome].format(old=field.old, reason=change.reason)
            )


def _mark(change: RowChange, column: str, text: str) -> dict[str, str]:
    return {"tab": change.tab, "cell": f"{column}{change.row}", "text": text.strip(), "outcome": change.outcome}
