"""Read single cells of a row and record each failure as a problem with its cell."""

from collections.abc import Callable, Iterable
from datetime import date, tzinfo
from functools import partial
from typing import TypeVar

from app.domain.fields import Field, Type
from app.domain.money import cents_from_decimal, has_fractions_of_a_cent
from app.workbook.meaning.cell_values import amounts, dates, texts
from app.workbook.meaning.cell_values.amounts import AmbiguousError, UnreadableError
from app.workbook.meaning.columns.own_columns import read_own
from app.workbook.meaning.results.records import CellProblem, Checked, Value
from app.workbook.meaning.rows.tabs import Tab
from app.workbook.meaning.vocabulary import currencies
from app.workbook.reading.cells import Cell, Merged, Row, cell_name

LONGEST_NOTE = 10_000

_Read = TypeVar("_Read")


class RowProblemError(Exception):
    """The row cannot become a record; its problem, if any, is already recorded."""


class CellReading:
    def __init__(self, checked: Checked, currency: str, zone: tzinfo, *, epoch_1904: bool) -> None:
        self.checked = checked
        self.own_currency = currency
        self._zone = zone
        self._epoch_1904 = epoch_1904

    def problem(self, tab: Tab, row: Row, name: str, what: str) -> RowProblemError:
        """Record a problem at the row's cell of the field, and return the error to raise."""
        cell = tab.place(row, name)
        self.checked.problems.append(CellProblem(tab.name, cell, f"{cell} {what}.", row.number))
        return RowProblemError()

    def identifier(self, tab: Tab, row: Row, name: str) -> str:
        return self._read(tab, row, name, texts.read_identifier) if tab.has(name) else ""

    def text(self, tab: Tab, row: Row, name: str) -> str:
        return self._read(tab, row, name, texts.read_short_text) if tab.has(name) else ""

    def texts(self, tab: Tab, row: Row, names: Iterable[str]) -> dict[str, Value]:
        return {name: self.text(tab, row, name) for name in names if tab.has(name)}

    def paragraphs(self, tab: Tab, row: Row, names: Iterable[str]) -> dict[str, Value]:
        return {
            name: self._read(tab, row, name, lambda cell: texts.read_paragraphs(cell, LONGEST_NOTE))
            for name in names
            if tab.has(name)
        }

    def plain(self, tab: Tab, row: Row, described: Iterable[Field]) -> dict[str, Value]:
        values: dict[str, Value] = {}
        for field in described:
            if field.is_plain and tab.has(field.name):
                read = self.paragraphs if field.type is Type.PARAGRAPHS else self.texts
                values |= read(tab, row, (field.name,))
        return values

    def own_fields(self, tab: Tab, row: Row) -> dict[str, Value]:
        """Return the row's own fields, also empty ones; unreadable ones are left out."""
        if not tab.own_columns:
            return {}
        found = {}
        for index, name in tab.own_columns:
            try:
                found[name] = read_own(row.cell(index))
            except UnreadableError:
                tab.unreadable_own.append(cell_name(index, row.number))
        return {"own_fields": found}

    def yes_or_no(self, tab: Tab, row: Row, name: str) -> bool:
        """Take an empty cell as a no."""
        return self._read(tab, row, name, texts.read_yes_or_no)

    def days(self, tab: Tab, row: Row, name: str) -> int | None:
        return self._read(tab, row, name, texts.read_days) if tab.has(name) else None

    def day(self, tab: Tab, row: Row, name: str) -> date | None:
        if not tab.has(name):
            return None
        order, swapped = tab.orders.get(name), name in tab.swapped
        zone = None if name in tab.plain_days else self._zone
        return self._read(
            tab,
            row,
            name,
            lambda cell: dates.read_day(cell, order, epoch_1904=self._epoch_1904, zone=zone, swapped=swapped),
        )

    def amount(self, tab: Tab, row: Row, name: str) -> tuple[int | None, str | None]:
        """Return cents, None if there are none, and the currency they are written with.

        Amounts of several columns that map to the same field are added up.
        """
        found: list[int] = []
        currency = None
        for index in tab.indexes.get(name, ()):
            cell = row.cell(index)
            if cell is None:
                continue
            amount = self._read(tab, row, name, partial(amounts.read_amount, mark=tab.marks.get(index)), cell)
            if amount is None:
                continue
            cents = cents_from_decimal(amount.value)
            tab.sums[name] += cents
            tab.rounded += has_fractions_of_a_cent(amount.value)
            found.append(-cents if name in tab.negated else cents)
            currency = currency or amount.currency
        return (sum(found) if found else None), currency

    def currency(self, tab: Tab, row: Row, sign: str | None, amount_field: str) -> str | None:
        """Return the row's currency: from its own cell, from the amount, or from the heading of the amounts."""
        written = self.identifier(tab, row, "currency")
        stated = (currencies.of_text(written) or currencies.of_text(written.upper())) if written else None
        if written and stated is None:
            raise self.problem(tab, row, "currency", f"says '{written}', which is not a currency code such as USD")
        heading = tab.heading(amount_field)
        headed = currencies.of_heading(heading)
        unknown = None if stated or sign else currencies.unknown_in_heading(heading)
        if unknown:
            raise self.problem(
                tab,
                row,
                amount_field,
                f"is headed '{unknown}', a currency that is not known: add a column Currency with the code",
            )
        names = [name for name in (stated, sign, headed) if name]
        code = next((name for name in names if not currencies.is_shared(name)), None)
        for name in names:
            if code and not currencies.may_be(name, code):
                raise self._two_currencies(tab, row, amount_field, stated, sign, headed)
        currency = code or currencies.for_sign(names[0] if names else None, self.own_currency)
        if names and currency is None:
            raise self.problem(
                tab,
                row,
                amount_field,
                f"is in {names[0]}, which several countries have: add a column Currency with the code",
            )
        if currency and currencies.has_thousandths(currency):
            raise self.problem(
                tab, row, amount_field, f"is in {currency}, whose thousandths cannot be kept: leave this row out"
            )
        tab.currencies[currency] += 1
        return currency

    def _two_currencies(
        self, tab: Tab, row: Row, amount_field: str, stated: str | None, sign: str | None, headed: str | None
    ) -> RowProblemError:
        by_sign = currencies.for_sign(sign, self.own_currency)
        if stated and sign and not currencies.may_be(sign, stated):
            return self.problem(tab, row, "currency", f"says {stated}, but the amount is written in {by_sign}")
        if stated:
            return self.problem(tab, row, "currency", f"says {stated}, but the column of amounts is headed {headed}")
        return self.problem(tab, row, amount_field, f"is written in {by_sign}, but its column is headed {headed}")

    def _read(self, tab: Tab, row: Row, name: str, read: Callable[[Cell], _Read], cell: Cell = None) -> _Read:
        cell = tab.cell(row, name) if cell is None else cell
        if isinstance(cell, Merged):
            if name.endswith("_cents"):
                raise self.problem(
                    tab,
                    row,
                    name,
                    "is merged with the cell above, and an amount cannot count for several rows: unmerge the cells in "
                    "Excel and give each row its own amount",
                )
            cell = cell.value
        try:
            return read(cell)
        except UnreadableError as error:
            if name in tab.asked and isinstance(error, AmbiguousError):
                raise RowProblemError from error
            raise self.problem(tab, row, name, str(error)) from error
