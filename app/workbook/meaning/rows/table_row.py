"""A row of a table, read by what its columns mean; each cell that cannot be read is recorded as a problem."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, tzinfo
from functools import partial
from typing import TypeVar

from app.domain.fields import Field, Type
from app.domain.money import LARGEST_CENTS, cents_from_decimal, has_fractions_of_a_cent
from app.domain.sentences import amount_text
from app.workbook.meaning.cell_values import amounts, dates, texts
from app.workbook.meaning.cell_values.amounts import AmbiguousError, UnreadableError
from app.workbook.meaning.columns.own_columns import read_own
from app.workbook.meaning.results.records import CellProblem, Checked, Key, Record, Value
from app.workbook.meaning.rows.tabs import Tab
from app.workbook.meaning.vocabulary import currencies
from app.workbook.meaning.vocabulary.headings import ListKind
from app.workbook.reading.cells import Cell, Merged, Row, cell_name

_LONGEST_NOTE = 10_000

_Read = TypeVar("_Read")


class RowProblemError(Exception):
    """The row cannot become a record; its problem, if any, is already recorded."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the reading of every row of a workbook depends on, and where its problems are recorded."""

    checked: Checked
    currency: str
    zone: tzinfo
    epoch_1904: bool


@dataclass(slots=True)
class TableRow:
    tab: Tab
    row: Row
    around: Surroundings

    @property
    def number(self) -> int:
        return self.row.number

    @property
    def document(self) -> str | None:
        return self.tab.documents.get(self.number)

    def has(self, name: str) -> bool:
        return name in self.tab.indexes

    def place(self, *names: str) -> str:
        return self.tab.place(self.row, *names)

    def problem(self, name: str, what: str) -> RowProblemError:
        """Record a problem at the row's cell of the field, and return the error to raise."""
        cell = self.place(name)
        self.around.checked.problems.append(CellProblem(self.tab.name, cell, f"{cell} {what}.", self.number))
        return RowProblemError()

    def give_up(self) -> None:
        """Count the row among those with a problem."""
        self.around.checked.error_rows.add((self.tab.name, self.number))

    def record(self, kind: ListKind, key: Key, values: dict[str, Value], *, cumulative: bool = False) -> Record:
        return Record(kind, self.tab.name, self.number, key, values, cumulative)

    def identifier(self, name: str) -> str:
        return self._read(name, texts.read_identifier) if self.has(name) else ""

    def text(self, name: str) -> str:
        return self._read(name, texts.read_short_text) if self.has(name) else ""

    def texts(self, *names: str) -> dict[str, Value]:
        return {name: self.text(name) for name in names if self.has(name)}

    def paragraphs(self, name: str) -> dict[str, Value]:
        return {name: self._read(name, partial(texts.read_paragraphs, longest=_LONGEST_NOTE))} if self.has(name) else {}

    def plain(self, described: Iterable[Field]) -> dict[str, Value]:
        values: dict[str, Value] = {}
        for field in described:
            if field.is_plain:
                values |= (self.paragraphs if field.type is Type.PARAGRAPHS else self.texts)(field.name)
        return values

    def own_fields(self) -> dict[str, Value]:
        """Return the row's own fields, also empty ones; unreadable ones are left out."""
        if not self.tab.own_columns:
            return {}
        found = {}
        for index, name in self.tab.own_columns:
            try:
                found[name] = read_own(self.row.cell(index))
            except UnreadableError:
                self.tab.unreadable_own.append(cell_name(index, self.number))
        return {"own_fields": found}

    def yes_or_no(self, name: str) -> bool:
        """Take an empty cell as a no."""
        return self._read(name, texts.read_yes_or_no)

    def days(self, name: str) -> int | None:
        return self._read(name, texts.read_days) if self.has(name) else None

    def day(self, name: str) -> date | None:
        if not self.has(name):
            return None
        order, swapped = self.tab.orders.get(name), name in self.tab.swapped
        zone = None if name in self.tab.plain_days else self.around.zone
        epoch_1904 = self.around.epoch_1904
        return self._read(
            name, lambda cell: dates.read_day(cell, order, epoch_1904=epoch_1904, zone=zone, swapped=swapped)
        )

    def amount(self, name: str) -> tuple[int | None, str | None]:
        """Return cents, None if there are none, and the currency they are written with.

        Amounts of several columns that map to the same field are added up.
        """
        found: list[int] = []
        currency = None
        for index in self.tab.indexes.get(name, ()):
            cell = self.row.cell(index)
            if cell is None:
                continue
            amount = self._read(name, partial(amounts.read_amount, mark=self.tab.marks.get(index)), cell)
            if amount is None:
                continue
            cents = cents_from_decimal(amount.value)
            self.tab.summed.add(name)
            self.tab.rounded += has_fractions_of_a_cent(amount.value)
            found.append(-cents if name in self.tab.negated else cents)
            currency = currency or amount.currency
        if abs(sum(found)) > LARGEST_CENTS:
            most = amount_text(LARGEST_CENTS)
            raise self.problem(name, f"is more than one record can hold: at most {most}, so split it")
        return (sum(found) if found else None), currency

    def currency(self, sign: str | None, amount_field: str) -> str | None:
        """Return the row's currency: from its own cell, from the amount, or from the heading of the amounts."""
        written = self.identifier("currency")
        stated = (currencies.of_text(written) or currencies.of_text(written.upper())) if written else None
        if written and stated is None:
            raise self.problem("currency", f"says '{written}', which is not a currency code such as USD")
        heading = self.tab.heading(amount_field)
        headed = currencies.of_heading(heading)
        unknown = None if stated or sign else currencies.unknown_in_heading(heading)
        if unknown:
            what = f"is headed '{unknown}', a currency that is not known: add a column Currency with the code"
            raise self.problem(amount_field, what)
        names = [name for name in (stated, sign, headed) if name]
        code = next((name for name in names if not currencies.is_shared(name)), None)
        for name in names:
            if code and not currencies.may_be(name, code):
                raise self._two_currencies(amount_field, stated, sign, headed)
        currency = code or currencies.for_sign(names[0] if names else None, self.around.currency)
        if names and currency is None:
            what = f"is in {names[0]}, which several countries have: add a column Currency with the code"
            raise self.problem(amount_field, what)
        if currency and currencies.has_thousandths(currency):
            what = f"is in {currency}, whose thousandths cannot be kept: leave this row out"
            raise self.problem(amount_field, what)
        self.tab.currencies[currency] += 1
        return currency

    def _two_currencies(
        self, amount_field: str, stated: str | None, sign: str | None, headed: str | None
    ) -> RowProblemError:
        by_sign = currencies.for_sign(sign, self.around.currency)
        if stated and sign and not currencies.may_be(sign, stated):
            return self.problem("currency", f"says {stated}, but the amount is written in {by_sign}")
        if stated:
            return self.problem("currency", f"says {stated}, but the column of amounts is headed {headed}")
        return self.problem(amount_field, f"is written in {by_sign}, but its column is headed {headed}")

    def _read(self, name: str, read: Callable[[Cell], _Read], cell: Cell = None) -> _Read:
        cell = self.tab.cell(self.row, name) if cell is None else cell
        if isinstance(cell, Merged):
            if name.endswith("_cents"):
                raise self.problem(
                    name,
                    "is merged with the cell above, and an amount cannot count for several rows: unmerge the cells in "
                    "Excel and give each row its own amount",
                )
            cell = cell.value
        try:
            return read(cell)
        except UnreadableError as error:
            if name in self.tab.asked and isinstance(error, AmbiguousError):
                raise RowProblemError from error
            raise self.problem(name, str(error)) from error
