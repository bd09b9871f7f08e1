"""Classify the rows of a table: records, totals, repeated headers, notes."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from app.workbook.meaning.cell_values.texts import short_text
from app.workbook.meaning.tables.headers import Header
from app.workbook.meaning.vocabulary.headings import ListKind, normalised
from app.workbook.reading.cells import Cell, FormattedNumber, Row, Sheet, UncalculatedFormula, clean_text

# What precedes or follows totals in a list: `Total`, `Total for Acme`, `Acme Total`.
_TOTAL = re.compile(
    r"^(?:(?:grand|sub|over ?all|running|column|page|net|invoice|customer)[- ]?)?(?:totals?|sums?)\b"
    r"|^(?:gesamt\w*|summe|zwischensumme|totaal|totale|total g[eé]n[eé]ral|carried forward|brought forward)\b"
    r"|\b(?:totals?|gesamtergebnis|ergebnis)\s*:?$",
    re.IGNORECASE,
)
_JUST_TOTAL = re.compile(r"(?:grand |sub)?(?:totals?|sum)(?: customers| balance| outstanding)?\s*:?", re.IGNORECASE)
_WORDS_OF_A_NOTE = 3
_LONGEST_TEXT = 60
_NAMES_A_RECORD = {
    ListKind.INVOICE: ("number", "customer_code", "customer_name", "issued_on", "due_on"),
    ListKind.PAYMENT: ("invoice_number", "customer_code", "customer_name", "paid_on"),
    ListKind.CUSTOMER: ("code", "name", "email"),
}
_DATES = ("issued_on", "due_on", "paid_on")


@dataclass(slots=True)
class SortedRows:
    """`left_out` has the number and text of rows that are neither record nor total."""

    records: list[Row] = field(default_factory=list)
    totals: list[Row] = field(default_factory=list)
    left_out: list[tuple[int, str]] = field(default_factory=list)


def sort_rows(sheet: Sheet, header: Header) -> SortedRows:
    found = SortedRows()
    below = [row for row in sheet.rows if row.number > header.row]
    naming = _NAMES_A_RECORD[header.kind]
    last_full_row = next((row.number for row in reversed(below) if len(_held(row, header, naming)) >= 2), 0)
    days, identifier = _columns(header, _DATES), _columns(header, _NAMES_A_RECORD[header.kind][:1])
    for row in below:
        if _has_day_and_identifier(row, days, identifier):
            found.records.append(row)
        elif _is_header_again(row, header):
            found.left_out.append((row.number, "the header again"))
        elif _is_total(row, header, last_full_row):
            found.totals.append(row)
        elif _is_note(row, header) or (row is below[0] and _is_of_units(row, header)):
            found.left_out.append((row.number, _words(row)))
        else:
            found.records.append(row)
    return found


def filled(cells: Iterable[Cell]) -> list[Cell]:
    return [cell for cell in cells if cell is not None and not (isinstance(cell, str) and _is_blank(cell))]


def _is_blank(text: str) -> bool:
    # Nearly every text begins with a letter or digit, which is enough to know that it is not blank.
    return not text[:1].isalnum() and not clean_text(text)


def _has_day_and_identifier(row: Row, days: list[int], identifier: list[int]) -> bool:
    """Shortcut for most rows: return whether the row has an identifier that is not a label, and a date."""
    return (
        any(isinstance(row.cell(index), datetime) for index in days)
        and bool(filled(row.cell(index) for index in identifier))
        and not any(_is_label(row.cell(index)) for index in identifier)
    )


def _is_header_again(row: Row, header: Header) -> bool:
    cells = [(row.cell(column.index), column.header) for column in header.columns]
    return all(isinstance(cell, str) for cell, _ in cells) and all(
        normalised(cell) == normalised(text) for cell, text in cells
    )


def _is_total(row: Row, header: Header, last_full_row: int) -> bool:
    """Return whether the row sums up others: labelled so, without a date or an identifier of its own, or a sum."""
    if header.kind is ListKind.CUSTOMER:
        return _is_total_of_customers(row, header)
    amounts = [row.cell(column.index) for column in header.columns if column.field.endswith("_cents")]
    if not any(_is_number(cell) or isinstance(cell, UncalculatedFormula) for cell in amounts):
        return False
    identifying = _NAMES_A_RECORD[header.kind][0]
    if not all(map(_is_label, _held(row, header, (*_DATES, identifying)))):
        return False
    if any(_is_label(cell) for cell in row.cells):
        return True
    unnamed = not _held(row, header, _NAMES_A_RECORD[header.kind])
    return unnamed and (row.has_sum or row.number > last_full_row)


def _is_total_of_customers(row: Row, header: Header) -> bool:
    labelled = any(isinstance(cell, str) and _JUST_TOTAL.fullmatch(clean_text(cell)) for cell in row.cells)
    cells = filled(row.cells)
    is_numeric = len(cells) >= 2 and sum(map(_is_number, cells)) == len(cells) - 1
    return labelled and all(map(_is_label, _held(row, header, ("code",)))) and is_numeric


def _is_label(cell: Cell) -> bool:
    return isinstance(cell, str) and bool(_TOTAL.search(clean_text(cell)))


def _is_note(row: Row, header: Header) -> bool:
    """Return whether the row has only words: no amount, no date, no digits in the identifier's column."""
    cells = filled(row.cell(column.index) for column in header.columns)
    if not cells:
        return True
    column = header.column(_NAMES_A_RECORD[header.kind][0])
    identifier = row.cell(column.index) if column else None
    if header.kind is ListKind.CUSTOMER:
        is_named = bool(_held(row, header, ("name",)))
        return len(cells) == 1 and len(header.columns) > 2 and identifier is None and not is_named
    if len(cells) == 1 and isinstance(cells[0], str) and len(cells[0].split()) >= _WORDS_OF_A_NOTE:
        return True
    return _has_words_only(row) and (len(cells) == 1 or not isinstance(identifier, str))


def _is_of_units(row: Row, header: Header) -> bool:
    """Return whether the row explains the header, such as `text`, `dd/mm/yyyy`, `USD`; not for lists of customers."""
    return header.kind is not ListKind.CUSTOMER and _has_words_only(row)


def _has_words_only(row: Row) -> bool:
    return all(isinstance(cell, str) and not re.search(r"\d", cell) for cell in filled(row.cells))


def _is_number(cell: Cell) -> bool:
    if isinstance(cell, bool):
        return False
    return isinstance(cell, int | Decimal | FormattedNumber) or (
        isinstance(cell, str) and bool(re.search(r"\d", cell)) and not re.search(r"[^\W\d_]{4,}", cell)
    )


def _columns(header: Header, fields: Iterable[str]) -> list[int]:
    return [column.index for column in header.columns if column.field in fields]


def _held(row: Row, header: Header, fields: Iterable[str]) -> list[Cell]:
    return filled(row.cell(index) for index in _columns(header, fields))


def _words(row: Row) -> str:
    texts = (short_text(cell, _LONGEST_TEXT) for cell in filled(row.cells) if not isinstance(cell, datetime))
    text = " ".join(filter(None, texts))
    return text if len(text) <= 60 else f"{text[:57]}..."
