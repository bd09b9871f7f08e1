"""The records of a workbook, and the reports, questions and problems of reading it."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Self, TypeAlias

import orjson

from app.domain.own_fields import merged
from app.workbook.meaning.vocabulary.headings import ListKind

LONGEST_TERMS = 730

Value: TypeAlias = str | int | bool | date | Mapping[str, str] | None
Key: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """A customer, invoice or payment.

    `key` is a customer's code; an invoice's number and its customer's code; for a payment, the key of its invoice.
    `values` only has fields that the tab has a column for, so that a missing column never empties a stored field.
    `cumulative` marks a payment taken from an invoice's own row: all that was paid so far.
    """

    kind: ListKind
    tab: str
    row: int
    key: Key
    values: Mapping[str, Value]
    cumulative: bool = False

    @property
    def place(self) -> str:
        return f"{self.tab}, row {self.row}"

    def fingerprint(self) -> str:
        return fingerprint(self.values)

    def cents(self, name: str) -> int:
        value = self.values[name]
        assert isinstance(value, int)  # it was read as an amount
        return value

    def day(self, name: str) -> date:
        value = self.values[name]
        assert isinstance(value, date)  # it was read as a date
        return value

    def to_json(self) -> list[Any]:
        return [self.kind, self.tab, self.row, self.key, self.values, self.cumulative]

    @classmethod
    def from_json(cls, item: list[Any]) -> Self:
        kind, tab, row, key, values, cumulative = item
        for name in values:
            if name.endswith("_on") and values[name] is not None:
                values[name] = date.fromisoformat(values[name])
        return cls(ListKind(kind), tab, row, tuple(key), values, cumulative)


@dataclass(frozen=True, slots=True)
class CellProblem:
    """The message is a sentence that begins with the cell."""

    tab: str
    cell: str
    message: str
    row: int = 0


@dataclass(frozen=True, slots=True)
class Notice:
    tab: str
    message: str


@dataclass(frozen=True, slots=True)
class Example:
    """`readings` is what the cell would be under each answer."""

    cell: str
    text: str
    readings: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Question:
    """`labels` has the text of each choice, `effects` its effect on the figures.

    An answer is remembered under `shape` and applied to every workbook with the same question; if `shape` is empty,
    it applies to this workbook only.
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
        """Terms may be any number of days up to LONGEST_TERMS (two years)."""
        if self.subject == "terms":
            return answer.isdecimal() and len(answer) <= 3 and int(answer) <= LONGEST_TERMS
        return answer in self.choices


@dataclass(frozen=True, slots=True)
class AnsweredQuestion:
    """`is_remembered` if the answer comes from an earlier workbook of the same shape."""

    question: Question
    answer: str
    is_remembered: bool


@dataclass(frozen=True, slots=True)
class ControlTotals:
    """In cents."""

    currency: str
    gross: int = 0
    paid: int = 0
    open: int = 0


@dataclass(frozen=True, slots=True)
class OwnTotal:
    """A total stated in the workbook, and the sum of the rows we read; both in cents."""

    cell: str
    header: str
    stated: int
    read: int


@dataclass(frozen=True, slots=True)
class Held:
    samples: tuple[str, ...] = ()
    total: str = ""
    span: str = ""


@dataclass(slots=True)
class TabReport:
    """Of one table; `kind` is None if it is not a list we import.

    `held` has the summary of each column, by its letter.
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
    has_payment_columns: bool = False
    last_row: int | None = None

    def covers(self, row: int) -> bool:
        return (self.header_row or 0) < row and (self.last_row is None or row <= self.last_row)


@dataclass(slots=True)
class Checked:
    """`broken` has what identifies rows with problems: a customer's code or name, an invoice's number."""

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


def paid_by_invoice(payments: Iterable[Record]) -> dict[Key, int]:
    paid: dict[Key, int] = defaultdict(int)
    for payment in payments:
        paid[payment.key] += payment.cents("amount_cents")
    return paid


def fingerprint(values: Mapping[str, Value]) -> str:
    """Return the SHA-256 of the canonical JSON of the values; an empty own field counts as absent."""
    own = values.get("own_fields")
    if isinstance(own, Mapping):
        rest = {name: value for name, value in values.items() if name != "own_fields"}
        filled = merged({}, own)
        values = {**rest, "own_fields": filled} if filled else rest
    return hashlib.sha256(orjson.dumps(values, option=orjson.OPT_SORT_KEYS)).hexdigest()
