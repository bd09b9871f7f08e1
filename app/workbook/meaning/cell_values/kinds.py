"""Kinds of values in a column, independent of its heading."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache

from app.workbook.meaning.cell_values import amounts, dates, texts
from app.workbook.meaning.vocabulary import currencies
from app.workbook.meaning.vocabulary.statuses import read_status
from app.workbook.reading.cells import Cell, ErrorValue, FormattedNumber, Merged, Row, UncalculatedFormula, clean_text

ROWS_LOOKED_AT = 400
_EMPTY_WORDS = {"", *amounts.NOTHING}


@dataclass(frozen=True, slots=True)
class ColumnValues:
    """Cells of a column by kind; percentages are not counted as numbers."""

    filled: int = 0
    numbers: int = 0
    days: int = 0
    yes_or_no: int = 0
    statuses: int = 0
    currencies: int = 0
    texts: int = 0
    with_cents: int = 0
    shows_currency: int = 0
    percentages: int = 0

    def fits(self, field: str) -> bool:
        if field.endswith("_cents"):
            return self.numbers * 2 > self.filled
        if field.endswith("_on"):
            return self.days * 2 > self.filled
        if field in {"number", "invoice_number"}:
            return self.days * 2 <= self.filled and not self.with_cents
        if field == "status":
            return (self.statuses + self.yes_or_no) * 2 > self.filled
        if field in {"customer_name", "payment_method", "type"}:
            return self.texts * 2 > self.filled
        return True

    @property
    def is_money(self) -> bool:
        return self.filled > 0 and self.numbers * 2 > self.filled

    @property
    def may_hold_money(self) -> bool:
        """Return whether any cell may be money; such a column is never left unread without asking."""
        return self.is_money or bool(self.with_cents or self.shows_currency)

    @property
    def is_surely_money(self) -> bool:
        return self.is_money and bool(self.with_cents or self.shows_currency)


def column_values(rows: Sequence[Row], width: int) -> list[ColumnValues]:
    looked_at = rows
    if len(rows) > ROWS_LOOKED_AT:
        half = ROWS_LOOKED_AT // 2
        step = max(1, (len(rows) - half) // half)
        looked_at = [*rows[:half], *rows[half::step]]
    return [values_of(row.cell(index) for row in looked_at) for index in range(width)]


def values_of(cells: Iterable[Cell]) -> ColumnValues:
    count = dict.fromkeys(ColumnValues.__slots__, 0)
    for cell in cells:
        value = cell.value if isinstance(cell, Merged) else cell
        if value is None or (isinstance(value, str) and clean_text(value).casefold() in _EMPTY_WORDS):
            continue
        count["filled"] += 1
        for name in _kinds(value):
            count[name] += 1
    return ColumnValues(**count)


def _kinds(cell: Cell) -> Sequence[str]:
    match cell:
        case bool():
            return ["yes_or_no"]
        case datetime():
            return ["days"]
        case int() | Decimal():
            return _of_number(cell)
        case FormattedNumber():
            return _of_formatted(cell)
        case str():
            return _of_text(clean_text(cell))
        case ErrorValue() | UncalculatedFormula():
            return ["numbers", "days", "texts"]  # it could have been anything
        case _:
            return []


def _of_number(number: int | Decimal) -> list[str]:
    return ["numbers", "with_cents"] if number != int(number) else ["numbers"]


def _of_formatted(cell: FormattedNumber) -> list[str]:
    if "%" in cell.format:
        return ["percentages"]
    try:
        named = currencies.of_format(cell.format)
    except LookupError:
        named = "unknown"
    return [*_of_number(cell.number), *(["shows_currency"] if named else [])]


@lru_cache(maxsize=4_000)
def _of_text(text: str) -> tuple[str, ...]:
    found = ["texts"]
    if currencies.of_text(text):
        found.append("currencies")
    if texts.is_yes_or_no(text):
        found.append("yes_or_no")
    if re.search(r"\d", text):
        if amounts.readings(text):
            found.remove("texts")
            found.append("numbers")
            if re.search(r"[.,]\d{2}(?!\d)", text):
                found.append("with_cents")
            if currencies.taken_off(text)[1]:
                found.append("shows_currency")
        if dates.readings(text):
            found.append("days")
            if "texts" in found:
                found.remove("texts")
    elif read_status(text):
        found.append("statuses")
    return tuple(found)
