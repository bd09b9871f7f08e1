"""Customers named once for several rows: by a heading above them, or in the first row of their group."""

from app.domain.sentences import counted, first_phrases_of
from app.store.ledger.snapshot import compared
from app.workbook.meaning.cell_values import dates
from app.workbook.meaning.results.questions import Questions, digest
from app.workbook.meaning.tables.headers import Header
from app.workbook.meaning.tables.row_sorting import SortedRows, filled
from app.workbook.meaning.vocabulary.headings import ListKind
from app.workbook.meaning.vocabulary.words import documents, heading_words
from app.workbook.reading.cells import Cell, Row, Sheet, cell_name, clean_text

_MENTIONED = 3


def customers_by_row(sheet: Sheet, header: Header, rows: SortedRows, questions: Questions) -> dict[int, str]:
    """Return the customer of each row that names none, taken from headings or from the rows above."""
    if header.kind is not ListKind.INVOICE:
        return {}
    column = header.column("customer_code") or header.column("customer_name")
    if column is None:
        return _by_headings(sheet, header, rows)
    if header.column("customer_code") and header.column("customer_name"):
        return {}
    return _by_first_rows(sheet, rows, column.index, questions, header)


# --- headings between the rows


def _by_headings(sheet: Sheet, header: Header, rows: SortedRows) -> dict[int, str]:
    """Return the heading above each row: if its own total closes the section, or if every row has a heading."""
    records, totals = {row.number for row in rows.records}, {row.number for row in rows.totals}
    closed: dict[int, str] = {}
    above: dict[int, str] = {}
    heading, section = "", list[int]()
    for row in sheet.rows:
        if row.number in records:
            section.append(row.number)
            above[row.number] = heading
        elif row.number in totals:
            if heading and compared(heading) in compared(_text(row)):
                closed |= dict.fromkeys(section, heading)
                heading = ""
            section = []
        elif row.number > header.row and (text := _heading(row)):
            heading, section = text, []
    return closed if len(closed) == len(records) or not all(above.values()) else above


def _heading(row: Row) -> str:
    cells = filled(row.cells)
    text = clean_text(cells[0]) if len(cells) == 1 and isinstance(cells[0], str) else ""
    return "" if dates.is_month(text) or _is_no_name(text) else text


def _is_no_name(text: str) -> bool:
    """Return whether the text describes a list, such as `Open invoices`, and is not a customer's name."""
    words = heading_words(text)
    return not words.unknown or bool(documents(text) & {"invoice", "payment", "credit_note", "estimate"})


# --- the first row of a group


def _by_first_rows(sheet: Sheet, rows: SortedRows, index: int, questions: Questions, header: Header) -> dict[int, str]:
    """Return the name above for each row without one; subtotals with the name prove it, else a question is asked."""
    records, totals = {row.number: row for row in rows.records}, {row.number for row in rows.totals}
    found: dict[int, str] = {}
    proven: set[int] = set()
    name, group = "", list[int]()
    for row in sheet.rows:
        if row.number in totals:
            if name and compared(name) in compared(_text(row)):
                proven |= set(group)
            name, group = "", []
        elif row.number in records:
            own = _named(row.cell(index))
            if own:
                name, group = own, []
            elif name:
                group.append(row.number)
                found[row.number] = name
    open_rows = [number for number in found if number not in proven]
    if open_rows and not _is_confirmed(sheet, found, open_rows, index, questions, header):
        return {number: text for number, text in found.items() if number in proven}
    return found


def _is_confirmed(
    sheet: Sheet, found: dict[int, str], rows: list[int], index: int, questions: Questions, header: Header
) -> bool:
    shown = first_phrases_of([f"{cell_name(index, number)}: {found[number]}" for number in rows], _MENTIONED)
    count = counted(len(rows), "row names", "rows name")
    answer = questions.ask(
        f"names:{sheet.name}!{header.row}",
        sheet.name,
        f"{count} no customer, each below one that does ({shown}): does the name above count for them?",
        {"above": "yes, the name above counts", "none": "no, they are mistakes"},
        shape=f"names:{header.fingerprint}:{digest((number, found[number]) for number in rows)}",
    )
    return answer == "above"


def _named(cell: Cell) -> str:
    return clean_text(cell) if isinstance(cell, str) else ("" if cell is None else str(cell))


def _text(row: Row) -> str:
    return " ".join(clean_text(cell) for cell in row.cells if isinstance(cell, str))
