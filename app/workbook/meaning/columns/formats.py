"""Decide how a column of dates or amounts is read: by its own cells, or by a question."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import TypeVar

from app.domain.sentences import day_text, money_text
from app.workbook.meaning.cell_values import amounts, dates
from app.workbook.meaning.cell_values.amounts import DecimalMark
from app.workbook.meaning.cell_values.dates import DateOrder
from app.workbook.meaning.results.records import Example, Question
from app.workbook.meaning.tables.headers import Column
from app.workbook.reading.cells import Row, cell_name, clean_text, column_letter

_EXAMPLES_SHOWN = 3
_FEWEST_SWAPPED = 2

_Way = TypeVar("_Way", DateOrder, DecimalMark)
_Value = TypeVar("_Value")


def date_order(tab: str, column: Column, rows: Sequence[Row]) -> DateOrder | Question | None:
    cells = _texts(column, rows)
    text = "has dates that can be read two ways: which number is the day?"
    settled = dates.settled_order(text for _, text in cells)
    return settled or _question("dates", tab, column, text, cells, DateOrder, dates.readings, _long)


def half_swapped(tab: str, column: Column, rows: Sequence[Row]) -> Question | None:
    """Ask whether a program swapped days and months; it leaves texts where swapping makes no date.

    The sign: dates none of which is later than the 12th, beside texts that all are.
    """
    days = [(row.number, cell) for row in rows if isinstance(cell := row.cell(column.index), datetime)]
    texts = [cell for row in rows if isinstance(cell := row.cell(column.index), str) and dates.readings(cell)]
    if min(len(days), len(texts)) < _FEWEST_SWAPPED or any(cell.day > 12 for _, cell in days):
        return None
    if not all(map(dates.is_written_in_order, texts)) or all(cell.day == cell.month for _, cell in days):
        return None
    examples = tuple(
        Example(
            cell_name(column.index, number),
            day_text(cell.date()),
            {"swapped": _long(cell.date().replace(month=cell.day, day=cell.month)), "right": _long(cell.date())},
        )
        for number, cell in days[:_EXAMPLES_SHOWN]
    )
    return Question(
        f"swapped:{tab}!{column_letter(column.index)}",
        "swapped",
        tab,
        f"{_called(tab, column)} has dates up to the 12th and texts such as '{texts[0]}' for all later days, as if a "
        "program had taken days for months: were day and month of the dates swapped?",
        ("swapped", "right"),
        examples,
        labels={"swapped": "they were swapped: turn them back", "right": "the dates are right as they are"},
    )


def decimal_mark(tab: str, column: Column, rows: Sequence[Row]) -> DecimalMark | Question | None:
    cells = _texts(column, rows)
    text = "has amounts that can be read two ways: how are decimals written?"
    settled = amounts.settled_mark(text for _, text in cells)
    return settled or _question("decimal", tab, column, text, cells, DecimalMark, amounts.readings, money_text)


def _question(
    subject: str,
    tab: str,
    column: Column,
    text: str,
    cells: Sequence[tuple[str, str]],
    ways: Iterable[_Way],
    readings: Callable[[str], Mapping[_Way, _Value]],
    shown: Callable[[_Value], str],
) -> Question | None:
    """Return None if no cell can be read in several ways; the choices are the ways that fit any of those that can."""
    unclear = [(cell, found, read) for cell, found in cells if len(set((read := readings(found)).values())) > 1]
    if not unclear:
        return None
    choices = tuple(way.value for way in ways if any(way in read for _, _, read in unclear))
    examples = tuple(
        Example(cell, clean_text(found), {way.value: shown(value) for way, value in read.items()})
        for cell, found, read in unclear[:_EXAMPLES_SHOWN]
    )
    id_ = f"{subject}:{tab}!{column_letter(column.index)}"
    return Question(id_, subject, tab, f"{_called(tab, column)} {text}", choices, examples)


def _called(tab: str, column: Column) -> str:
    return f"Column {column_letter(column.index)} '{column.header}' of tab '{tab}'"


def _texts(column: Column, rows: Sequence[Row]) -> list[tuple[str, str]]:
    return [
        (cell_name(column.index, row.number), cell)
        for row in rows
        if isinstance(cell := row.cell(column.index), str) and cell
    ]


def _long(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
