"""Unknown columns, kept as own fields: their names and the values of their cells."""

from collections.abc import Sequence
from datetime import datetime, time
from itertools import count

from app.domain.own_fields import LONGEST_NAME, LONGEST_TEXT
from app.workbook.meaning.cell_values import texts
from app.workbook.meaning.tables.headers import Header
from app.workbook.meaning.vocabulary.headings import OWN_MARK, ListKind, is_figure_of_a_day, is_known
from app.workbook.reading.cells import Cell, Duration, Merged, Row, clean_text, column_letter

# Figures in our own exports, computed for the day of the export: importing them would keep outdated figures.
FIGURES_OF_CUSTOMER = (
    "Currency",
    "Open invoices",
    "Outstanding",
    "Overdue",
    "Credit",
    "DSO in days",
    "Average days late",
    "Likely to pay late",
)


def own_columns(header: Header, records: Sequence[Row]) -> tuple[tuple[int, str], ...]:
    if header.kind is ListKind.PAYMENT:
        return ()
    found: dict[str, int] = {}
    for index, heading in _unknown(header, records):
        name = _unique(heading, found)
        found[name] = index
    return tuple((index, name) for name, index in found.items())


def named(text: str) -> str:
    name = clean_text(text)
    while name.startswith(OWN_MARK):
        name = name.removeprefix(OWN_MARK).strip()
    return name[:LONGEST_NAME].strip()


def heading(name: str) -> str:
    """Return the name, marked if an import would take it for another field."""
    is_taken = is_known(name) or name in FIGURES_OF_CUSTOMER or is_figure_of_a_day(name)
    return f"{OWN_MARK} {name}" if is_taken else name


def read_own(cell: Cell) -> str:
    """Return the displayed value, unrounded; raises UnreadableError."""
    if isinstance(cell, Merged):
        cell = cell.value
    if isinstance(cell, Duration):
        return cell.text
    if isinstance(cell, datetime) and cell.time() != time.min:
        return cell.isoformat(" ", timespec="minutes" if not cell.second else "seconds")
    return texts.read_paragraphs(cell, LONGEST_TEXT)


def _unknown(header: Header, records: Sequence[Row]) -> list[tuple[int, str]]:
    headings = {index: named(texts.without_guard(text)) for index, text in header.ignored}
    known = {column.index for column in header.columns} | {index for index, _ in header.dropped}
    ours = _figures_of_ours(header)
    widest = max((len(row.cells) for row in records), default=0)
    for index in sorted({*range(widest), *headings} - known):
        if not headings.get(index) and any(row.cell(index) not in {None, ""} for row in records):
            headings[index] = f"Column {column_letter(index)}"
    return sorted((index, text) for index, text in headings.items() if text and index not in ours)


def _figures_of_ours(header: Header) -> set[int]:
    if header.kind is ListKind.INVOICE:
        return {index for index, text in header.ignored if is_figure_of_a_day(text)}
    by_heading = {text: index for index, text in header.ignored}
    # A column of another program may share one of these headings, but hardly all of them.
    is_our_list = set(FIGURES_OF_CUSTOMER) <= by_heading.keys()
    return {by_heading[text] for text in FIGURES_OF_CUSTOMER} if is_our_list else set()


def _unique(name: str, taken: dict[str, int]) -> str:
    if name not in taken:
        return name
    return next(free for number in count(2) if (free := f"{name} ({number})") not in taken)
