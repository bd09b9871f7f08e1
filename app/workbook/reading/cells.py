"""What a cell of a workbook can hold, as the importer sees it."""

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class FormattedNumber:
    """A number whose format says more than how many decimals to show: leading zeros, a currency, a percentage."""

    number: int | Decimal
    format: str


@dataclass(frozen=True, slots=True)
class ErrorValue:
    """An error that Excel shows in a cell, such as #N/A."""

    text: str


@dataclass(frozen=True, slots=True)
class DamagedCell(ErrorValue):
    """A cell whose value is none of its own kind, such as a word where the file says number; the text says why."""


@dataclass(frozen=True, slots=True)
class Duration:
    """A time of day or a span of time, which no column of ours holds."""

    text: str


@dataclass(frozen=True, slots=True)
class UncalculatedFormula:
    """A formula without a stored result: a program wrote it and Excel never calculated it."""


_Single: TypeAlias = (
    str | int | Decimal | bool | datetime | FormattedNumber | ErrorValue | Duration | UncalculatedFormula | None
)


@dataclass(frozen=True, slots=True)
class Merged:
    """A cell that is merged with the one above, with the value that stands there."""

    value: _Single


Cell: TypeAlias = _Single | Merged


@dataclass(frozen=True, slots=True)
class Row:
    """One row that holds anything: its number as Excel shows it, and its cells from column A on."""

    number: int
    cells: tuple[Cell, ...]
    hidden: bool = False
    has_sum: bool = False

    def cell(self, column: int) -> Cell:
        """Return the cell of the column, counted from 0."""
        return self.cells[column] if column < len(self.cells) else None


@dataclass(frozen=True, slots=True)
class Sheet:
    """One tab; `merged` has the top row as Excel counts, the left column from 0, the bottom row, the right column."""

    name: str
    rows: list[Row]
    hidden: bool = False
    filtered: bool = False
    merged_down: int = 0
    stopped_after_empty_row: int | None = None
    cut_after_column: str | None = None
    merged: tuple[tuple[int, int, int, int], ...] = ()
    has_more_rows: bool = False


@dataclass(frozen=True, slots=True)
class Book:
    """The tabs of a workbook, in its order, and whether its serial dates count from 1904."""

    sheets: list[Sheet]
    epoch_1904: bool = False


# Control characters, and marks without any width: they come with text that was copied from a page or a mail.
_UNSEEN = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]"
)


def without_unseen(text: str) -> str:
    """Return the text without what nobody sees, most of which no cell can hold either."""
    return _UNSEEN.sub("", text)


def clean_text(text: str) -> str:
    """Return the text with every kind of space, line breaks too, made one plain space, none at the ends."""
    # Most texts need nothing but the spaces at their ends taken off; `split` knows every space of Unicode.
    if not text.isascii() or not text.isprintable():
        text = without_unseen(text)
    return " ".join(text.split())


def column_letter(column: int) -> str:
    """Return the letters of the column, counted from 0."""
    letters = ""
    number = column + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def cell_name(column: int, row: int) -> str:
    """Return the name of a cell as Excel shows it."""
    return f"{column_letter(column)}{row}"
