"""What a workbook's rows say, once every cell has been read."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Self, TypeAlias

import orjson

from app.domain.own_fields import merged
from app.workbook.meaning.headings import ListKind

LONGEST_TERMS = 730

Value: TypeAlias = str | int | bool | date | Mapping[str, str] | None
Key: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """One customer, invoice or payment with the tab and row it stood in.

    `key` is what the same record is found by: a customer's code; an invoice's number and its customer's code; for a
    payment, those of its invoice. `values` holds only what the tab has a column for, so that an absent column never
    empties a stored field. `cumulative` marks a payment that an invoice's own row carries: all that was paid so far.
    """

    kind: ListKind
    tab: str
    row: int
    key: Key
    values: Mapping[str, Value]
    cumulative: bool = False

    def fingerprint(self) -> str:
        """Return what tells whether the row says something else than when it was last imported."""
        return fingerprint(self.values)

    def to_json(self) -> list[Any]:
        """Return the record as orjson keeps it, which writes days too."""
        return [self.kind, self.tab, self.row, self.key, self.values, self.cumulative]

    @classmethod
    def from_json(cls, item: list[Any]) -> Self:
        """Return the record that `to_json` wrote."""
        kind, tab, row, key, values, cumulative = item
        for name in values:
            if name.endswith("_on") and values[name] is not None:
                values[name] = date.fromisoformat(values[name])
        return cls(ListKind(kind), tab, row, tuple(key), values, cumulative)


@dataclass(frozen=True, slots=True)
class CellProblem:
    """A cell that cannot be read or believed, in a sentence that begins with the place."""

    tab: str
    cell: str
    message: str
    row: int = 0


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that was seen and did not stop the reading."""

    tab: str
    message: str


@dataclass(frozen=True, slots=True)
class Example:
    """A cell of the file, and what it would be under each answer."""

    cell: str
    text: str
    readings: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Question:
    """Something only a person can know.

    `labels` says each choice in words, `effects` what it would make of the figures. An answer is remembered under
    `shape`, and used for every workbook in which the same is asked; where it is empty, the answer is for this one.
    """

    id: str
    subject: str
    tab: str
    text: str
    choices: tuple[str, ...]
    examples: tuple[Example, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    effects: Mapping[str, str] = field(default_factory=dict)
    shape: str = ""

    def takes(self, answer: str) -> bool:
        """Tell whether the answer is one; terms may be any number of days up to two years."""
        if self.subject == "terms":
            return answer.isdecimal() and len(answer) <= 3 and int(answer) <= LONGEST_TERMS
        return answer in self.choices


@dataclass(frozen=True, slots=True)
class AnsweredQuestion:
    """A question that was answered, for this workbook or, remembered, for an earlier one of the same shape."""

    question: Question
    answer: str
    is_remembered: bool


@dataclass(frozen=True, slots=True)
class ControlTotals:
    """What the rows of a tab add up to, in one currency, in cents."""

    currency: str
    gross: int = 0
    paid: int = 0
    open: int = 0


@dataclass(frozen=True, slots=True)
class OwnTotal:
    """A total that the workbook itself states, beside what was read; both in cents."""

    cell: str
    header: str
    stated: int
    read: int


@dataclass(frozen=True, slots=True)
class Held:
    """What a column holds, as people read it: some of its values, the sum of its amounts, its first and last day."""

    samples: tuple[str, ...] = ()
    total: str = ""
    span: str = ""


@dataclass(slots=True)
class TabReport:
    """What was found in one tab; kind None: it was not recognised as a list of ours.

    `tells_payments` says whether its columns tell anything of what was paid. A tab with several tables has a report for
    each; `last_row` is the table's last. `held` has what each column holds, by its letter.
    """

    name: str
    kind: ListKind | None
    header_row: int | None = None
    fingerprint: str = ""
    columns: list[dict[str, Any]] = field(default_factory=list)
    held: dict[str, Held] = field(default_factory=dict)
    rows: int = 0
    totals: list[ControlTotals] = field(default_factory=list)
    own_totals: list[OwnTotal] = field(default_factory=list)
    tells_payments: bool = False
    last_row: int | None = None

    def covers(self, row: int) -> bool:
        """Tell whether the row of the tab is one of this table's."""
        return (self.header_row or 0) < row and (self.last_row is None or row <= self.last_row)


@dataclass(slots=True)
class Checked:
    """A workbook's rows as records, and everything a person should know about the reading.

    `broken` names what rows with problems are about: a customer's code or name, an invoice's number, for a payment too.
    """

    customers: list[Record] = field(default_factory=list)
    invoices: list[Record] = field(default_factory=list)
    payments: list[Record] = field(default_factory=list)
    tabs: list[TabReport] = field(default_factory=list)
    problems: list[CellProblem] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    answered: list[AnsweredQuestion] = field(default_factory=list)
    error_rows: set[tuple[str, int]] = field(default_factory=set)
    broken: set[tuple[ListKind, str]] = field(default_factory=set)
    duplicate_rows: int = 0


def fingerprint(values: Mapping[str, Value]) -> str:
    """Return the SHA-256 over the canonical JSON of the values; an own field that is empty is as good as none."""
    own = values.get("own_fields")
    if isinstance(own, Mapping):
        rest = {name: value for name, value in values.items() if name != "own_fields"}
        filled = merged({}, own)
        values = {**rest, "own_fields": filled} if filled else rest
    return hashlib.sha256(orjson.dumps(values, option=orjson.OPT_SORT_KEYS)).hexdigest()
