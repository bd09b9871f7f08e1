"""The preview of an import before anything is written, and a person's choices for it."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

import orjson
from pydantic import TypeAdapter

from app.domain.import_summary import Written
from app.domain.money import decimal_string
from app.domain.sentences import counted
from app.workbook.difference import Decisions, Difference, Missing, Outcome, RowChange
from app.workbook.figures import Expected, ImportFigures
from app.workbook.meaning.results.questions import Answers
from app.workbook.meaning.results.records import (
    AnsweredQuestion,
    CellProblem,
    Checked,
    ControlTotals,
    Notice,
    Question,
    TabReport,
)
from app.workbook.meaning.tables.headers import ChosenMapping

_CUT = ("problems", "notices", "changes", "missing")
_WEIGHTS = [Outcome.CONFLICT, Outcome.CHANGED, Outcome.NEW]
COUNTED = ("new", "changed", "unchanged", "conflict", "error", "missing")


@dataclass(frozen=True, slots=True)
class Choices:
    """`expected` is the total owed after the import according to the person's own books."""

    answers: Answers = field(default_factory=Answers)
    mappings: Mapping[str, ChosenMapping] = field(default_factory=dict)
    decisions: Decisions = field(default_factory=Decisions)
    good_rows: bool = False
    expected: Expected | None = None

    def to_json(self) -> dict[str, Any]:
        item: dict[str, Any] = _CHOICES.dump_python(self, mode="json")
        return item

    @classmethod
    def from_json(cls, item: Mapping[str, Any]) -> "Choices":
        return _CHOICES.validate_python(item)


@dataclass(frozen=True, slots=True)
class Preview:
    """`digest` is a hash of the planned changes; `waiting` counts rows that cannot be read before an answer."""

    tabs: tuple[TabReport, ...]
    counts: Mapping[str, int]
    problems: tuple[CellProblem, ...]
    notices: tuple[Notice, ...]
    questions: tuple[Question, ...]
    changes: tuple[RowChange, ...]
    missing: tuple[Missing, ...]
    writes: int
    digest: str
    answered: tuple[AnsweredQuestion, ...] = ()
    figures: ImportFigures = field(default_factory=ImportFigures)
    written: Written = field(default_factory=dict)
    waiting: int = 0

    @classmethod
    def of(cls, checked: Checked, difference: Difference, figures: ImportFigures | None = None) -> Self:
        counts = dict.fromkeys(COUNTED, 0) | dict(difference.counts)
        counts["error"], counts["missing"] = len(checked.error_rows), len(difference.missing)
        return cls(
            tuple(checked.tabs),
            counts,
            tuple(checked.problems),
            tuple(checked.notices),
            tuple(checked.questions),
            tuple(difference.changes),
            tuple(difference.missing),
            difference.writes,
            _digest(difference.changes),
            tuple(checked.answered),
            figures or ImportFigures(),
            difference.written,
            len(checked.error_rows - {(problem.tab, problem.row) for problem in checked.problems}),
        )

    def undecided_conflicts(self, decisions: Decisions) -> list[RowChange]:
        conflicts = (change for change in self.changes if change.outcome is Outcome.CONFLICT)
        return [change for change in conflicts if decisions.on(change) is None]

    def why_not(self, choices: Choices) -> str | None:
        """Return a sentence on what prevents the import from being applied, or None."""
        if self.questions:
            return "Answer the questions first: what can be read two ways is never guessed."
        if self.problems and not choices.good_rows:
            found = counted(len(self.problems), "problem", "problems")
            return f"{found} in the workbook: correct it and upload it again, or choose to import the good rows only."
        undecided = len(self.undecided_conflicts(choices.decisions))
        if undecided and not choices.good_rows:
            conflicts = counted(undecided, "conflict", "conflicts")
            return f"{conflicts}: decide whether to keep what the app has or to take the workbook's."
        differs = choices.expected.differs_from(self.figures) if choices.expected else None
        if differs:
            return differs
        if not self.writes:
            if self.counts["conflict"]:
                return "There is nothing to import: the conflicts keep what the app has, the rest is stored already."
            return "There is nothing to import: the workbook says what is stored already."
        return None

    @property
    def is_all_stored(self) -> bool:
        """Return whether everything in the workbook is stored already: no write, no problem, no conflict."""
        return not (self.writes or self.problems or self.questions or self.counts["conflict"])

    def to_json(self, at_most: int | None = None) -> dict[str, Any]:
        """Return the preview with at most so many entries in each list, and how many there are in all."""
        changes = tuple(sorted(self.changes, key=lambda change: _WEIGHTS.index(change.outcome)))
        lists = {name: getattr(replace(self, changes=changes), name) for name in _CUT}
        cut: dict[str, Any] = {name: entries[:at_most] for name, entries in lists.items()}
        totals = {name: len(entries) for name, entries in lists.items()}
        return {**_PREVIEW.dump_python(replace(self, **cut), mode="json"), "totals": totals}

    @classmethod
    def from_json(cls, item: Mapping[str, Any]) -> "Preview":
        return _PREVIEW.validate_python(item)


_CHOICES, _PREVIEW, _MAPPING = TypeAdapter(Choices), TypeAdapter(Preview), TypeAdapter(ChosenMapping)


def totals_as_strings(totals: Iterable[ControlTotals]) -> dict[str, str] | list[dict[str, str]]:
    """Return one object, or a list of objects if there are several currencies."""
    items = [
        {"currency": total.currency}
        | {name: decimal_string(getattr(total, name)) for name in ("gross", "paid", "open")}
        for total in totals
    ]
    return items[0] if len(items) == 1 else items


def mapping_to_json(mapping: ChosenMapping) -> dict[str, Any]:
    item: dict[str, Any] = _MAPPING.dump_python(mapping, mode="json")
    return item


def mapping_from_json(item: Mapping[str, Any]) -> ChosenMapping:
    return _MAPPING.validate_python(item)


def _digest(changes: Iterable[RowChange]) -> str:
    digest = hashlib.sha256()
    for change in changes:
        digest.update(orjson.dumps([change.outcome, change.kind, change.tab, change.row, change.fields]))
    return digest.hexdigest()
