"""A tab while it is checked: its header, its rows, and how its columns are read."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from app.workbook.meaning.amounts import DecimalMark
from app.workbook.meaning.dates import DateOrder
from app.workbook.meaning.headers import (
    IGNORED,
    ChosenMapping,
    Confidence,
    Header,
    find_header,
    fingerprint,
    is_list_of_problems,
    likeliest_header_row,
)
from app.workbook.meaning.own_columns import own_columns
from app.workbook.meaning.records import Checked, Notice, TabReport
from app.workbook.meaning.rows import SortedRows, sort_rows
from app.workbook.meaning.sections import customers_by_row
from app.workbook.reading.cells import Book, Cell, Row, Sheet, cell_name, column_letter

_TELLS_PAYMENTS = ("paid_cents", "balance_cents", "paid_on", "status")


@dataclass(slots=True)
class Tab:
    """A recognised tab: what is read of it, and how its columns are read."""

    sheet: Sheet
    header: Header
    rows: SortedRows
    report: TabReport
    customers_by_row: dict[int, str] = field(default_factory=dict)
    orders: dict[str, DateOrder | None] = field(default_factory=dict)
    marks: dict[str, DecimalMark | None] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)
    sums: Counter[str] = field(default_factory=Counter)
    currencies: Counter[str | None] = field(default_factory=Counter)
    unknown_statuses: dict[str, list[str]] = field(default_factory=dict)
    due_before_issued: list[str] = field(default_factory=list)
    rounded: int = 0
    own_columns: tuple[tuple[int, str], ...] = ()
    unreadable_own: list[str] = field(default_factory=list)
    indexes: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.read_by(self.header)

    def read_by(self, header: Header) -> None:
        """Read the columns as this header says."""
        self.header = header
        self.indexes = {column.field: column.index for column in header.columns}
        self.report.columns = described(header, self.own_columns)
        self.report.tells_payments = any(self.has(name) for name in _TELLS_PAYMENTS)

    @property
    def name(self) -> str:
        """Return the tab's name as Excel shows it."""
        return self.sheet.name

    def cell(self, row: Row, name: str) -> Cell:
        """Return the row's cell of a field; an absent column is empty."""
        index = self.indexes.get(name)
        return None if index is None else row.cell(index)

    def has(self, name: str) -> bool:
        """Tell whether a column is read as the field."""
        return name in self.indexes

    def place(self, row: Row, *names: str) -> str:
        """Return the name of the row's cell of the first of these fields that the tab has."""
        index = next((self.indexes[name] for name in names if name in self.indexes), 0)
        return cell_name(index, row.number)


def recognised(book: Book, chosen: dict[str, ChosenMapping], checked: Checked) -> list[Tab]:
    """Return the tabs that hold lists of ours; every tab gets its report."""
    tabs = []
    for sheet in book.sheets:
        if is_list_of_problems(sheet):
            continue
        header = find_header(sheet, chosen)
        if header is None:
            checked.tabs.append(_unrecognised(sheet, checked))
            continue
        report = TabReport(sheet.name, header.kind, header.row, header.fingerprint)
        checked.tabs.append(report)
        rows = sort_rows(sheet, header)
        own = own_columns(header, rows.records)
        tabs.append(Tab(sheet, header, rows, report, customers_by_row(sheet, header, rows), own_columns=own))
    return tabs


def described(header: Header, own: Sequence[tuple[int, str]] = ()) -> list[dict[str, str | None]]:
    """Return the header's columns as a report shows them; `own_field` is what an unknown one is kept as."""
    names = dict(own)
    read: list[tuple[int, dict[str, str | None]]] = [
        (
            column.index,
            {
                "column": column_letter(column.index),
                "header": column.header,
                "field": column.field,
                "confidence": column.confidence.value,
            },
        )
        for column in header.columns
    ]
    rest: list[tuple[int, dict[str, str | None]]] = [
        (
            index,
            {
                "column": column_letter(index),
                "header": text,
                "field": None,
                "confidence": None,
                "own_field": names.get(index),
            },
        )
        for index, text in (dict.fromkeys(names, "") | dict(header.ignored)).items()
    ]
    rest += [
        (
            index,
            {"column": column_letter(index), "header": text, "field": IGNORED, "confidence": Confidence.CHOSEN.value},
        )
        for index, text in header.dropped
    ]
    return [described for _, described in sorted(read + rest, key=lambda pair: pair[0])]


def _unrecognised(sheet: Sheet, checked: Checked) -> TabReport:
    if sheet.rows:
        checked.notices.append(Notice(sheet.name, "The tab was not recognised as a list of ours and was not read."))
    row = likeliest_header_row(sheet)
    if row is None:
        return TabReport(sheet.name, None)
    columns = [
        {"column": column_letter(index), "header": str(cell), "field": None, "confidence": None}
        for index, cell in enumerate(row.cells)
        if cell is not None
    ]
    return TabReport(sheet.name, None, row.number, fingerprint(row), columns)
