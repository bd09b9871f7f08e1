"""Decide how a column of dates or amounts is read: by its own cells, or by a question."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from app.domain.sentences import number_text
from app.workbook.meaning.cell_values import amounts, dates
from app.workbook.meaning.cell_values.amounts import DecimalMark
from app.workbook.meaning.cell_values.dates import DateOrder
from app.workbook.meaning.results.records import Example, Question
from app.workbook.meaning.tables.headers import Column
from app.workbook.reading.cells import Row, cell_name, clean_text, column_letter

_EXAMPLES_SHOWN = 3
_FEWEST_SWAPPED = 2


def date_order(tab: str, column: Column, rows: Sequence[Row]) -> DateOrder | Question | None:
    texts = _texts(column, rows)
    settled = dates.settled_order(text for _, text in texts)
    unclear = [(cell, text) for cell, text in texts if dates.is_ambiguous(text)]
    if settled or not unclear:
        return settled
    choices = [order for order in DateOrder if any(order in dates.readings(text) for _, text in unclear)]
    examples = [
        Example(cell, clean_text(text), {order.value: _long(day) for order, day in dates.readings(text).items()})
        for cell, text in unclear[:_EXAMPLES_SHOWN]
    ]
    text = "has dates that can be read two ways: which number is the day?"
    return _question("dates", tab, column, text, choices, examples)


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
            cell.date().isoformat(),
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
    texts = _texts(column, rows)
    settled = amounts.settled_mark(text for _, text in texts)
    unclear = [(cell, text) for cell, text in texts if amounts.is_ambiguous(text)]
    if settled or not unclear:
        return settled
    examples = [
        Example(cell, clean_text(text), {mark.value: number_text(one) for mark, one in amounts.readings(text).items()})
        for cell, text in unclear[:_EXAMPLES_SHOWN]
    ]
    text = "has amounts that can be read two ways: how are decimals written?"
    return _question("decimal", tab, column, text, DecimalMark, examples)


def _question(
    subject: str, tab: str, column: Column, text: str, choices: Iterable[str], examples: Iterable[Example]
) -> Question:
    id_ = f"{subject}:{tab}!{column_letter(column.index)}"
    return Question(id_, subject, tab, f"{_called(tab, column)} {text}", tuple(choices), tuple(examples))


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
