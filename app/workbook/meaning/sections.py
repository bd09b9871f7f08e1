"""Customers who are named by headings between the rows, as reports of accounting programs do it."""

from app.store.snapshot import compared
from app.workbook.meaning import dates
from app.workbook.meaning.headers import Header, Kind
from app.workbook.meaning.rows import SortedRows, filled
from app.workbook.reading.cells import Row, Sheet, clean_text


def customers_by_row(sheet: Sheet, header: Header, rows: SortedRows) -> dict[int, str]:
    """Return the customer of each row below a heading whose own total closes it, as `Acme` and `Total for Acme` do."""
    if header.kind is not Kind.INVOICE or header.column("customer_code") or header.column("customer_name"):
        return {}
    records, totals = {row.number for row in rows.records}, {row.number for row in rows.totals}
    found: dict[int, str] = {}
    heading, section = "", list[int]()
    for row in sheet.rows:
        if row.number in records:
            section.append(row.number)
        elif row.number in totals:
            if heading and compared(heading) in compared(_text(row)):
                found |= dict.fromkeys(section, heading)
            heading, section = "", []
        elif row.number > header.row and (text := _heading(row)):
            heading, section = text, []
    return found


def _heading(row: Row) -> str:
    cells = filled(row.cells)
    text = clean_text(cells[0]) if len(cells) == 1 and isinstance(cells[0], str) else ""
    return "" if dates.is_month(text) else text


def _text(row: Row) -> str:
    return " ".join(clean_text(cell) for cell in row.cells if isinstance(cell, str))
