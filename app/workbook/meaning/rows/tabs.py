"""A table while it is checked: its header, its rows, and how its columns are read."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from app.workbook.meaning.cell_values.amounts import DecimalMark
from app.workbook.meaning.cell_values.dates import DateOrder
from app.workbook.meaning.columns import money_columns
from app.workbook.meaning.columns.own_columns import own_columns
from app.workbook.meaning.columns.samples import held
from app.workbook.meaning.results.questions import Questions
from app.workbook.meaning.results.records import TabReport
from app.workbook.meaning.tables.headers import IGNORED, Confidence, Header
from app.workbook.meaning.tables.row_sorting import SortedRows, sort_rows
from app.workbook.meaning.tables.sections import customers_by_row
from app.workbook.meaning.tables.tables import SheetTable
from app.workbook.reading.cells import Cell, Row, Sheet, cell_name, column_letter

_PAYMENT_FIELDS = ("paid_cents", "balance_cents", "paid_on", "status")


@dataclass(slots=True)
class Tab:
    """A recognised table, how its columns are read, and what was found in its rows.

    `negated` has the money fields whose sign is inverted, `swapped` the date fields whose day and month are
    exchanged, `plain_days` those whose moments at midnight are dates in any time zone. `default_currency` is for rows
    without one. `documents` has the document type of rows that are not plain invoices or payments;
    `paid_back_on_account` the numbers of those rows on account that give money back.
    """

    sheet: Sheet
    title: str
    header: Header
    rows: SortedRows
    report: TabReport
    customers_by_row: dict[int, str] = field(default_factory=dict)
    orders: dict[str, DateOrder | None] = field(default_factory=dict)
    marks: dict[int, DecimalMark | None] = field(default_factory=dict)
    negated: set[str] = field(default_factory=set)
    swapped: set[str] = field(default_factory=set)
    plain_days: set[str] = field(default_factory=set)
    documents: dict[int, str] = field(default_factory=dict)
    payments_on_account: Sequence[Row] = ()
    paid_back_on_account: frozenset[int] = frozenset()
    asked: set[str] = field(default_factory=set)
    summed: set[str] = field(default_factory=set)
    currencies: Counter[str | None] = field(default_factory=Counter)
    default_currency: str = ""
    unknown_statuses: dict[str, list[str]] = field(default_factory=dict)
    due_before_issued: list[str] = field(default_factory=list)
    settled_without_due_date: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    rounded: int = 0
    is_without_days: bool = False
    own_columns: tuple[tuple[int, str], ...] = ()
    unreadable_own: list[str] = field(default_factory=list)
    indexes: dict[str, tuple[int, ...]] = field(default_factory=dict, init=False)
    headings: dict[str, str] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        for column in self.header.columns:
            self.headings.setdefault(column.field, column.header)
            self.indexes[column.field] = (*self.indexes.get(column.field, ()), column.index)
        self.report.columns = described(self.header, self.own_columns)
        self.report.has_payment_columns = any(self.has(name) for name in _PAYMENT_FIELDS)

    @property
    def name(self) -> str:
        return self.sheet.name

    def cell(self, row: Row, name: str) -> Cell:
        """Return the cell in the first of the field's columns; None if there is no column."""
        indexes = self.indexes.get(name)
        return row.cell(indexes[0]) if indexes else None

    def has(self, name: str) -> bool:
        return name in self.indexes

    def heading(self, name: str) -> str:
        return self.headings.get(name, "")

    def place(self, row: Row, *names: str) -> str:
        index = next((self.indexes[name][0] for name in names if name in self.indexes), 0)
        return cell_name(index, row.number)

    def shape(self, subject: str) -> str:
        return f"{subject}:{self.header.fingerprint}"


def tab_of(table: SheetTable, header: Header, questions: Questions) -> Tab:
    rows = sort_rows(table.sheet, header)
    customers = customers_by_row(table.sheet, header, rows, questions)
    groups = _groups(header, rows.records, customers)
    found = money_columns.settle(table, header, rows.records, questions, groups)
    last_row = table.sheet.rows[-1].number if table.sheet.rows else header.row
    report = TabReport(table.sheet.name, header.kind, header.row, header.fingerprint, last_row=last_row)
    settled = found.header()
    own = own_columns(settled, rows.records)
    tab = Tab(table.sheet, table.title, settled, rows, report, customers, negated=found.negated, own_columns=own)
    report.held = held(found.line, rows.records, found.known_cents())
    tab.messages += [message[:1].upper() + message[1:] for message in found.notices]
    return tab


def described(header: Header, own: Sequence[tuple[int, str]] = ()) -> list[dict[str, str | None]]:
    """`own_field` is the name under which an unknown column is kept."""
    names = dict(own)
    read = [
        _description(column.index, column.header, column.field, column.confidence.value) for column in header.columns
    ]
    unknown = [
        _description(index, text, None, None) | {"own_field": names.get(index)}
        for index, text in (dict.fromkeys(names, "") | dict(header.ignored)).items()
    ]
    dropped = [_description(index, text, IGNORED, Confidence.CHOSEN.value) for index, text in header.dropped]
    return sorted([*read, *unknown, *dropped], key=lambda one: (len(str(one["column"])), str(one["column"])))


def _description(index: int, heading: str, name: str | None, confidence: str | None) -> dict[str, str | None]:
    return {"column": column_letter(index), "header": heading, "field": name, "confidence": confidence}


def _groups(header: Header, records: Sequence[Row], customers: dict[int, str]) -> list[object]:
    """Return the customer of each record, by which a running balance may be grouped."""
    column = header.column("customer_code") or header.column("customer_name")
    return [str(row.cell(column.index)) if column else customers.get(row.number, "") for row in records]
