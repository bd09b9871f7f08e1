"""Reports of imports: how much of a long list is said."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from support.settings import settings_of

from app.files import Files
from app.store.ledger.imports import State, StoredImport
from app.workbook.difference import Decisions, Difference, Outcome, Resolution, RowChange
from app.workbook.importing import Importer
from app.workbook.meaning.results.records import Checked
from app.workbook.meaning.vocabulary.headings import ListKind
from app.workbook.preview import Choices, Preview
from app.workbook.reporting import ImportReports

MOMENT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@pytest.fixture
def report(tmp_path):
    """The text of the report of an import with so many conflicts, the first of them decided."""
    settings = settings_of(tmp_path)
    importer = Importer(
        settings.data_dir, Files(settings.files_place), settings.workbook, settings.unsaved_firm, lambda: MOMENT
    )

    def text(conflicts, decided):
        found = replace(Preview.of(Checked(), Difference()), changes=tuple(map(_conflict, range(conflicts))))
        decisions = Decisions(by_row={f"Invoices!{row}": Resolution.KEEP for row in range(decided)})
        stored = _stored(Choices(decisions=decisions))
        importer.files(stored).keep_preview(replace(found, counts={**found.counts, "conflict": conflicts}))
        return ImportReports(importer, "").of(stored).text

    return text


def _conflict(row):
    return RowChange(Outcome.CONFLICT, ListKind.INVOICE, "Invoices", row, "Invoice", choices=((Resolution.KEEP, ""),))


def _stored(choices):
    return StoredImport(
        1, "book.xlsx", "", 0, "random", State.PREVIEWED, choices.to_json(), {}, [], "", 1, "", MOMENT, None, None
    )


@pytest.mark.parametrize(
    ("conflicts", "decided", "said", "more"),
    [
        (60, 0, 50, "- and 10 more\n"),
        (60, 20, 40, ""),
        (600, 0, 50, "- and 550 more\n"),
        (600, 460, 40, "- and 100 more\n"),
    ],
)
def test_conflicts_that_are_decided_are_neither_said_nor_counted(report, conflicts, decided, said, more):
    text = report(conflicts, decided)

    assert text.count("- Invoices, row ") == said
    assert more in text if more else "more\n" not in text
