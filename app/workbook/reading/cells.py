"""Values that a cell of a workbook can hold, as the importer reads them."""

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class FormattedNumber:
    """A number whose format matters beyond its decimals: leading zeros, a currency, a percentage."""

    number: int | Decimal
    format: str


@dataclass(frozen=True, slots=True)
class ErrorValue:
    text: str


@dataclass(frozen=True, slots=True)
class DamagedCell(ErrorValue):
    """A value that does not match its cell's type, such as a word in a number cell; `text` is the reason."""


@dataclass(frozen=True, slots=True)
class Duration:
    """A time of day or a time span; no field of ours has such values."""

    text: str


@dataclass(frozen=True, slots=True)
class UncalculatedFormula:
    """A formula without a stored result: another program wrote it and Excel never calculated it."""


_Single: TypeAlias = (
    str | int | Decimal | bool | datetime | FormattedNumber | ErrorValue | Duration | UncalculatedFormula | None
)


@dataclass(frozen=True, slots=True)
class Merged:
    value: _Single


Cell: TypeAlias = _Single | Merged


@dataclass(frozen=True, slots=True)
class Row:
    """A non-empty row: its number as shown in Excel, and its cells from column A on."""

    number: int
    cells: tuple[Cell, ...]
    hidden: bool = False
    has_sum: bool = False

    def cell(self, column: int) -> Cell:
        """`column` counts from 0; None beyond the last cell."""
        return self.cells[column] if column < len(self.cells) else None


@dataclass(frozen=True, slots=True)
class Sheet:
    """Each item of `merged` is (top row as numbered in Excel, left column from 0, bottom row, right column)."""

    name: str
    rows: list[Row]
    hidden: bool = False
    filtered: bool = False
    merged_down: int = 0
    stopped_after_empty_row: int | None = None
    cut_after_column: str | None = None
    merged: tuple[tuple[int, int, int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Book:
    sheets: list[Sheet]
    epoch_1904: bool = False


# Control characters and zero-width marks, which come with text copied from a web page or a mail.
_INVISIBLE = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]"
)


_RANGE = re.compile(r"([A-Z]{1,3}[0-9]{1,7}):([A-Z]{1,3}[0-9]{1,7})")


def without_unseen(text: str) -> str:
    """Remove invisible characters, most of which Excel does not allow in a cell either."""
    return _INVISIBLE.sub("", text)


def clean_text(text: str) -> str:
    # Most texts only need stripping; `split` handles every kind of Unicode space.
    if not text.isascii() or not text.isprintable():
        text = without_unseen(text)
    return " ".join(text.split())


def column_letter(column: int) -> str:
    """`column` counts from 0."""
    letters = ""
    number = column + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def column_number(letters: str) -> int:
    """Count from 0; `letters` are capitals."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def column_and_row(name: str) -> tuple[int, int]:
    """Read the name of a cell; the column counts from 0, the row from 1."""
    letters = name.rstrip("0123456789")
    return column_number(letters), int(name.removeprefix(letters))


def extent(reference: str) -> tuple[int, int, int, int] | None:
    """Read a range such as `A1:B3` as (top row, left column, bottom row, right column); None if it is none."""
    if not (found := _RANGE.fullmatch(reference)):
        return None
    (left, top), (right, bottom) = map(column_and_row, found.groups())
    return top, left, bottom, right


def cell_name(column: int, row: int) -> str:
    """`column` counts from 0, `row` from 1."""
    return f"{column_letter(column)}{row}"
