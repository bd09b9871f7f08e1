"""The preview of an import before anything is written, and a person's choices for it."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

import orjson

from app.domain.money import decimal_string
from app.domain.sentences import counted
from app.workbook.difference import Decisions, Difference, FieldChange, Missing, Outcome, Resolution, RowChange
from app.workbook.figures import Expected, Figures
from app.workbook.meaning.results.questions import Answers
from app.workbook.meaning.results.records import (
    AnsweredQuestion,
    CellProblem,
    Checked,
    ControlTotals,
    Example,
    Held,
    Notice,
    OwnTotal,
    Question,
    TabReport,
)
from app.workbook.meaning.tables.headers import ChosenMapping, ListKind

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
        return {
            "answers": asdict(self.answers),
            "mappings": {key: mapping_to_json(mapping) for key, mapping in self.mappings.items()},
            "decisions": asdict(self.decisions),
            "good_rows": self.good_rows,
            "expected": asdict(self.expected) if self.expected else None,
        }

    @classmethod
    def from_json(cls, item: Mapping[str, Any]) -> Self:
        decisions = item.get("decisions", {})
        others = decisions.get("others")
        return cls(
            Answers(**item.get("answers", {})),
            {key: mapping_from_json(mapping) for key, mapping in item.get("mappings", {}).items()},
            Decisions(
                Resolution(others) if others else None,
                {row: Resolution(chosen) for row, chosen in decisions.get("by_row", {}).items()},
            ),
            item.get("good_rows", False),
            Expected(**item["expected"]) if item.get("expected") else None,
        )


@dataclass(frozen=True, slots=True)
class Preview:
    """`digest` is a hash of the planned changes."""

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
    figures: Figures = field(default_factory=Figures)

    @classmethod
    def of(cls, checked: Checked, difference: Difference, figures: Figures | None = None) -> Self:
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
            figures or Figures(),
        )

    def undecided_conflicts(self, decisions: Decisions) -> list[RowChange]:
        conflicts = (change for change in self.changes if change.outcome is Outcome.CONFLICT)
        return [change for change in conflicts if decisions.on(change.tab, change.row) is None]

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
        return {
            "tabs": [asdict(tab) for tab in self.tabs],
            "counts": dict(self.counts),
            "problems": _dicts(self.problems, at_most),
            "notices": _dicts(self.notices, at_most),
            "questions": _dicts(self.questions, None),
            "changes": _dicts(self._changes_by_weight(), at_most),
            "missing": _dicts(self.missing, at_most),
            "writes": self.writes,
            "digest": self.digest,
            "answered": _dicts(self.answered, None),
            "figures": self.figures.to_json(),
            "totals": {
                "problems": len(self.problems),
                "notices": len(self.notices),
                "changes": len(self.changes),
                "missing": len(self.missing),
            },
        }

    def _changes_by_weight(self) -> list[RowChange]:
        order = [Outcome.CONFLICT, Outcome.CHANGED, Outcome.NEW]
        return sorted(self.changes, key=lambda change: order.index(change.outcome))


def preview_from_json(item: Mapping[str, Any]) -> Preview:
    return Preview(
        tuple(_tab(tab) for tab in item["tabs"]),
        item["counts"],
        tuple(CellProblem(**problem) for problem in item["problems"]),
        tuple(Notice(**notice) for notice in item["notices"]),
        tuple(_question(question) for question in item["questions"]),
        tuple(_change(change) for change in item["changes"]),
        tuple(Missing(ListKind(found["kind"]), found["tab"], found["subject"]) for found in item["missing"]),
        item["writes"],
        item["digest"],
        tuple(
            AnsweredQuestion(_question(one["question"]), one["answer"], one["is_remembered"])
            for one in item["answered"]
        ),
        Figures.from_json(item["figures"]),
    )


def totals_as_strings(totals: Iterable[ControlTotals]) -> dict[str, str] | list[dict[str, str]]:
    """Return one object, or a list of objects if there are several currencies."""
    items = [
        {
            "currency": total.currency,
            "gross": decimal_string(total.gross),
            "paid": decimal_string(total.paid),
            "open": decimal_string(total.open),
        }
        for total in totals
    ]
    return items[0] if len(items) == 1 else items


def mapping_to_json(mapping: ChosenMapping) -> dict[str, Any]:
    return {"kind": mapping.kind, "fields": {str(index): field for index, field in mapping.fields.items()}}


def mapping_from_json(item: Mapping[str, Any]) -> ChosenMapping:
    kind = ListKind(item["kind"]) if item["kind"] else None
    return ChosenMapping(kind, {int(index): field for index, field in item["fields"].items()})


def _digest(changes: Iterable[RowChange]) -> str:
    digest = hashlib.sha256()
    for change in changes:
        digest.update(orjson.dumps([change.outcome, change.kind, change.tab, change.row, change.fields]))
    return digest.hexdigest()


def _dicts(items: Iterable[Any], at_most: int | None) -> list[dict[str, Any]]:
    return [asdict(item) for item in list(items)[:at_most]]


def _tab(item: dict[str, Any]) -> TabReport:
    return TabReport(
        **{
            **item,
            "kind": ListKind(item["kind"]) if item["kind"] else None,
            "totals": [ControlTotals(**total) for total in item["totals"]],
            "held": {
                letter: Held(tuple(one["samples"]), one["total"], one["span"]) for letter, one in item["held"].items()
            },
            "own_totals": [OwnTotal(**total) for total in item["own_totals"]],
        }
    )


def _question(item: dict[str, Any]) -> Question:
    return Question(
        **{
            **item,
            "choices": tuple(item["choices"]),
            "examples": tuple(Example(**example) for example in item["examples"]),
        }
    )


def _change(item: dict[str, Any]) -> RowChange:
    return RowChange(
        **{
            **item,
            "outcome": Outcome(item["outcome"]),
            "kind": ListKind(item["kind"]),
            "fields": tuple(FieldChange(**change) for change in item["fields"]),
        }
    )
