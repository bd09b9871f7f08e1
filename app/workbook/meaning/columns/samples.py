"""Summaries of a table's columns, shown to a person who maps the columns."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from app.domain.sentences import amount_text, day_text
from app.workbook.meaning.cell_values.texts import short_text
from app.workbook.meaning.columns.arithmetic import Cents
from app.workbook.meaning.results.records import Held
from app.workbook.meaning.tables.headers import HeaderLine
from app.workbook.reading.cells import Row, column_letter

_SAMPLES = 5
_ROWS_SAMPLED = 200


def held(line: HeaderLine, rows: Sequence[Row], cents: Mapping[int, Cents]) -> dict[str, Held]:
    return {
        column_letter(index): Held(_samples(rows, index), _total(cents.get(index)), _span(rows, index))
        for index in range(len(line.headings))
    }


def _samples(rows: Sequence[Row], index: int) -> tuple[str, ...]:
    cells = (row.cell(index) for row in rows[:_ROWS_SAMPLED])
    texts = (day_text(cell.date()) if isinstance(cell, datetime) else short_text(cell) for cell in cells)
    return tuple(dict.fromkeys(filter(None, texts)))[:_SAMPLES]


def _total(cents: Cents | None) -> str:
    known = [value for value in cents or () if value is not None]
    return f"{amount_text(sum(known))} in all" if known else ""


def _span(rows: Sequence[Row], index: int) -> str:
    days = [cell.date() for row in rows if isinstance(cell := row.cell(index), datetime)]
    return f"{day_text(min(days))} to {day_text(max(days))}" if days else ""
