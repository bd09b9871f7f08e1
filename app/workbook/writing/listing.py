"""Lists as files: a workbook of one tab, or CSV; no text in them is read as a formula."""

import re
from collections.abc import Iterable, Sequence
from csv import writer
from datetime import date
from decimal import Decimal
from io import BytesIO, StringIO
from typing import TypeAlias

from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from app.workbook.reading.cells import column_letter
from app.workbook.reading.tab_names import tab_title
from app.workbook.writing.xml_text import NOT_IN_XML, storable

AMOUNT_FORMAT = "#,##0.00"
DAY_FORMAT = "yyyy-mm-dd"

Listed: TypeAlias = str | int | Decimal | date | None

# A text that begins like this would lose its apostrophe when read back, as a guard against formulas.
_LIKE_A_GUARD = re.compile(r"^'['=+\-@\t\r\0]")
_LIKE_A_FORMULA = re.compile(r"^[=+\-@\t\r]")


def xlsx(title: str, headers: Sequence[str], rows: Iterable[Sequence[Listed]]) -> bytes:
    book = Workbook(write_only=True)
    write_tab(book, tab_title(title), headers, rows)
    return saved(book)


def saved(book: Workbook) -> bytes:
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


def csv(headers: Sequence[str], rows: Iterable[Sequence[Listed]]) -> bytes:
    """RFC 4180, in UTF-8 with a byte order mark, by which Excel detects the encoding."""
    stream = StringIO(newline="")
    lines = writer(stream)
    lines.writerow(map(_field, headers))
    lines.writerows(map(_field, row) for row in rows)
    return stream.getvalue().encode("utf-8-sig")


def write_tab(book: Workbook, title: str, headers: Sequence[str], rows: Iterable[Sequence[Listed]]) -> None:
    """Texts stay texts, amounts have two decimals, dates are formatted as yyyy-mm-dd."""
    sheet = book.create_sheet(title)
    for index, header in enumerate(headers):
        sheet.column_dimensions[column_letter(index)].width = max(14, len(header) + 2)
    sheet.freeze_panes = "A2"
    sheet.append([bold(sheet, header) for header in headers])
    for row in rows:
        sheet.append([cell(sheet, value) for value in row])


def bold(sheet: WriteOnlyWorksheet, text: str) -> Cell:
    cell = _text(sheet, text)
    cell.font = Font(bold=True)
    return cell


def _text(sheet: WriteOnlyWorksheet, text: str) -> Cell:
    text = storable(text)
    cell = WriteOnlyCell(sheet, "'" + text if _LIKE_A_GUARD.match(text) else text)
    cell.data_type = "s"
    return cell


def cell(sheet: WriteOnlyWorksheet, value: Listed) -> Cell | None:
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return _text(sheet, value)
    cell = WriteOnlyCell(sheet)
    cell.value = value
    if isinstance(value, Decimal):
        cell.number_format = AMOUNT_FORMAT
    elif isinstance(value, date):
        cell.number_format = DAY_FORMAT
    return cell


def _field(value: Listed) -> str:
    if isinstance(value, str):
        # Guard texts that a program would read as a formula; our own import removes the guard.
        text = NOT_IN_XML.sub("", value)
        return "'" + text if _LIKE_A_FORMULA.match(text) or _LIKE_A_GUARD.match(text) else text
    if isinstance(value, Decimal):
        return f"{value:f}"
    return "" if value is None else str(value)
