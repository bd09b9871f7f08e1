"""The columns of a table while their meanings are decided: their cents, their claims, and the mapping so far."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from app.domain.money import cents_from_decimal
from app.domain.sentences import amount_text
from app.workbook.meaning.cell_values import amounts
from app.workbook.meaning.cell_values.amounts import DecimalMark, UnreadableError
from app.workbook.meaning.cell_values.kinds import ROWS_LOOKED_AT, values_of
from app.workbook.meaning.columns import arithmetic
from app.workbook.meaning.columns.formats import decimal_mark
from app.workbook.meaning.results.questions import Questions
from app.workbook.meaning.results.records import Example, Question
from app.workbook.meaning.tables.headers import IGNORED, Column, Confidence, Header
from app.workbook.meaning.tables.tables import SheetTable
from app.workbook.meaning.vocabulary.headings import MONEY, Claim, ListKind, is_figure_of_a_day
from app.workbook.meaning.vocabulary.words import counts_something_else, heading_words
from app.workbook.reading.cells import Cell, Merged, Row, cell_name, clean_text, column_letter

_EXAMPLES_SHOWN = 4
_FEW = 20
SEVERAL = {"paid_cents", "tax_cents", "discount_cents"}  # columns of one such field are added up
AMOUNTS = ("total_cents", "net_cents", "paid_cents", "balance_cents", "amount_cents")
_SHORT_NAMES = {name: f"{name}_cents" for name in ("total", "paid", "balance", "net", "tax", "discount", "amount")}
_SHORT_NAMES["ignore"] = IGNORED
LABELS = {
    "total": "the total of the invoice",
    "paid": "what was paid of it",
    "balance": "what is still open",
    "net": "the amount without tax",
    "amount": "the amount of the payment",
    "ignore": "none of these: keep it as it is",
}


def field_named(answer: str) -> str:
    return _SHORT_NAMES.get(answer, answer)


def short_name(field_name: str) -> str:
    return next((short for short, name in _SHORT_NAMES.items() if name == field_name), field_name)


class TableColumns:
    """`read` has mapped columns by index, `explained` unmapped ones that need no question.

    `negated` has the fields whose minus is only notation.
    """

    def __init__(
        self, table: SheetTable, header: Header, records: Sequence[Row], questions: Questions, groups: Sequence[object]
    ) -> None:
        assert table.line is not None  # a table with a header has a header line
        self.tab = table.sheet.name
        self.line = table.line
        self.held = table.values
        self.kind = header.kind
        self._header = header
        self.records = records
        self.questions = questions
        self.groups = groups
        self.read = {column.index: column for column in header.columns}
        self.explained: set[int] = set()
        self.negated: set[str] = set()
        self.notices: list[str] = []
        self._cents: dict[int, arithmetic.Cents | None] = {}

    def header(self) -> Header:
        return self._header.with_columns(self.read.values(), self.line.headings)

    def known_cents(self) -> dict[int, arithmetic.Cents]:
        return {index: values for index, values in self._cents.items() if values is not None}

    def take(self, index: int, name: str, confidence: Confidence) -> None:
        """Map a column, unless a person chose otherwise."""
        if name not in SEVERAL:
            self.take_away(name, index)
        if name == "total_cents" and (net := self.column("net_cents")) and net.confidence is not Confidence.CHOSEN:
            del self.read[net.index]
        held = self.read.get(index)
        if held is None or held.confidence is not Confidence.CHOSEN:
            self.read[index] = Column(index, name, self.line.headings[index], confidence)

    def column(self, name: str) -> Column | None:
        return next((column for _, column in sorted(self.read.items()) if column.field == name), None)

    def is_chosen(self, name: str) -> bool:
        column = self.column(name)
        return column is not None and column.confidence is Confidence.CHOSEN

    def claims(self, index: int) -> tuple[Claim, ...]:
        return self.line.claims(index, self.kind)

    def claim(self, index: int, *names: str) -> Claim:
        return min(claim for claim in self.claims(index) if claim.field in names)

    def claiming(self, *names: str) -> list[int]:
        """Return the available money columns whose headings can mean one of the fields."""
        return [
            index
            for index in range(len(self.line.headings))
            if any(claim.field in names for claim in self.claims(index)[: 2 if "net_cents" in names else 3])
            and self._is_free(index, names)
            and (self.held[index].is_money or index in self.read)
        ]

    def unread_money(self) -> list[int]:
        """Return the unmapped columns with numbers whose headings do not rule out money."""
        return [
            index
            for index, heading in enumerate(self.line.headings)
            if index not in self.read
            and index not in self.explained
            and not self._is_harmless(index, heading)
            and self._may_hold_money(index)
            and clean_text(heading) not in self.questions.kept
        ]

    def _may_hold_money(self, index: int) -> bool:
        held = self.held[index]
        if held.filled < _FEW and len(self.records) > ROWS_LOOKED_AT:
            held = values_of(row.cell(index) for row in self.records)
        return held.may_hold_money

    def cents_of(self, name: str) -> arithmetic.Cents | None:
        """Return the cents of the field's column; None also without a column."""
        column = self.column(name)
        return self.cents(column.index) if column else None

    def cents(self, index: int) -> arithmetic.Cents | None:
        """Return the column's cents by record; None if its texts are ambiguous or a cell is not an amount."""
        if index not in self._cents:
            self._cents[index] = self._read_values(index)
        return self._cents[index]

    def added_up(self, indexes: Sequence[int]) -> list[int]:
        columns = [values for index in indexes if (values := self.cents(index))]
        return [sum(cents or 0 for cents in row) for row in zip(*columns, strict=True)]

    def are_same(self, one: int, other: int) -> bool:
        first, second = self.cents(one), self.cents(other)
        return first is not None and second is not None and arithmetic.are_equal(first, second)

    def total(self, index: int) -> int:
        return sum(cents_or_nothing(row.cell(index)) for row in self.records)

    def total_shown(self, index: int) -> str:
        return amount_text(self.total(index))

    def effects(self, index: int, choices: Iterable[str]) -> dict[str, str]:
        """Return what the table would be owed with each answer, from the sums of its columns."""
        if self.kind is not ListKind.INVOICE:
            return {}
        sums = {
            name: sum(
                self.total(other) for other, column in self.read.items() if column.field == name and other != index
            )
            for name in ("total_cents", "paid_cents", "balance_cents")
        }
        has = {column.field for other, column in self.read.items() if other != index}
        found = {}
        for choice in choices:
            name = field_named(choice)
            tried, fields = dict(sums), set(has)
            if name in tried:
                tried[name] = self.total(index) + (tried[name] if name == "paid_cents" else 0)
                fields.add(name)
            owed = tried["balance_cents"] if "balance_cents" in fields else tried["total_cents"] - tried["paid_cents"]
            if "total_cents" in fields or "balance_cents" in fields:
                found[choice] = f"{amount_text(owed)} would be owed"
        return found

    def ask(
        self,
        subject: str,
        index: int,
        text: str,
        labels: Mapping[str, str],
        *,
        effects: Mapping[str, str] | None = None,
        shown: int | None = None,
    ) -> str | None:
        """Ask about a column; `shown` is the column whose cells are the examples, if it is another one."""
        examples = self.examples(index if shown is None else shown)
        shape = self.shape(subject, index)
        id_ = self.id(subject, index)
        return self.questions.ask(id_, self.tab, text, labels, shape=shape, examples=examples, effects=effects)

    def id(self, subject: str, index: int) -> str:
        return f"{subject}:{self.tab}!{column_letter(index)}"

    def shape(self, subject: str, index: int) -> str:
        return f"{subject}:{self.line.fingerprint}:{column_letter(index)}"

    def called(self, index: int) -> str:
        heading = self.line.headings[index]
        return f"column {column_letter(index)} '{heading}'" if heading else f"column {column_letter(index)}"

    def examples(self, index: int) -> tuple[Example, ...]:
        shown = [
            Example(cell_name(index, row.number), text, {})
            for row in self.records[:200]
            if (text := _shown(row.cell(index)))
        ]
        return tuple(shown[:_EXAMPLES_SHOWN])

    def take_away(self, name: str, index: int) -> None:
        for other, column in list(self.read.items()):
            if column.field == name and other != index and column.confidence is not Confidence.CHOSEN:
                del self.read[other]

    def prove(self, *columns: Column) -> None:
        for column in columns:
            if column.confidence is not Confidence.CHOSEN:
                self.read[column.index] = replace(column, confidence=Confidence.PROVEN)

    def apply_answer(self, index: int, answer: str | None) -> None:
        if answer is None:
            return
        name = field_named(answer)
        self.explained.add(index)
        if name == IGNORED:
            self.read.pop(index, None)
        else:
            if name not in SEVERAL:
                self.take_away(name, index)
            self.read[index] = Column(index, name, self.line.headings[index], Confidence.CHOSEN)

    def _is_free(self, index: int, names: Sequence[str]) -> bool:
        if index in self.explained:
            return False
        held = self.read.get(index)
        if held is None:
            return not (names[0] == "total_cents" and self.claims(index)[0].field in {"paid_cents", "balance_cents"})
        return (
            held.field in {*names, *MONEY[self.kind]}
            and (held.confidence is not Confidence.CHOSEN or held.field in names)
            and not (names[0] == "total_cents" and held.field in {"paid_cents", "balance_cents"})
        )

    def _is_harmless(self, index: int, heading: str) -> bool:
        """Return whether the heading rules out money: a quantity, a number of something, a place."""
        if is_figure_of_a_day(heading):
            return True
        words = heading_words(heading)
        if counts_something_else(heading) and not self.held[index].shows_currency:
            return not words.any("paid", "open", "total") or "%" in heading
        if words.any("number", "phone", "address", "reference", "account", "day", "terms", "email", "note", "type"):
            return not words.any("amount", "paid", "open") or words.any("number")
        if self.kind is ListKind.PAYMENT and words.any("invoice", "open", "tax"):
            return True
        claimed = {claim.field for claim in self.claims(index)}
        return bool(claimed & {"net_cents", "tax_cents"}) and self.kind is ListKind.INVOICE and index in self.explained

    def _read_values(self, index: int) -> arithmetic.Cents | None:
        column = Column(index, "", self.line.headings[index], Confidence.STATED)
        mark = decimal_mark(self.tab, column, self.records)
        if isinstance(mark, Question):
            answer = self.questions.known(replace(mark, shape=self.shape("decimal", index)))
            mark = DecimalMark(answer) if answer else None
        try:
            return [_cents(row.cell(index), mark) for row in self.records]
        except UnreadableError:
            return None


def cents_or_nothing(cell: Cell) -> int:
    """Return 0 for what is no amount: for sums that only show the size of a choice."""
    try:
        return _cents(cell, DecimalMark.POINT) or 0
    except UnreadableError:
        return 0


def _cents(cell: Cell, mark: DecimalMark | None) -> int | None:
    amount = amounts.read_amount(cell.value if isinstance(cell, Merged) else cell, mark)
    return None if amount is None else cents_from_decimal(amount.value)


def _shown(cell: Cell) -> str:
    value = cell.value if isinstance(cell, Merged) else cell
    if value is None:
        return ""
    try:
        cents = _cents(value, DecimalMark.POINT)
    except UnreadableError:
        return clean_text(value)[:40] if isinstance(value, str) else ""
    return clean_text(value)[:40] if isinstance(value, str) else amount_text(cents or 0)
