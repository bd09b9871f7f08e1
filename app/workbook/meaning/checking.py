"""Turn the rows of a workbook into records: every cell is read, or named as a problem, a notice or a question."""

from dataclasses import replace
from datetime import datetime

from app.store.snapshot import Snapshot, compared
from app.workbook.meaning import dates, texts
from app.workbook.meaning.amounts import DecimalMark, UnreadableError
from app.workbook.meaning.cell_reading import CellReading, RowProblemError
from app.workbook.meaning.columns import Answers, date_order, decimal_mark
from app.workbook.meaning.customer_rows import CustomerRows
from app.workbook.meaning.dates import DateOrder
from app.workbook.meaning.headers import ChosenMapping, Column, Confidence, Kind
from app.workbook.meaning.invoice_rows import InvoiceRows
from app.workbook.meaning.payment_rows import PaymentRows
from app.workbook.meaning.records import Checked, Question
from app.workbook.meaning.rows import filled
from app.workbook.meaning.tab_notices import add_notices, add_own_totals
from app.workbook.meaning.tabs import Tab, recognised
from app.workbook.reading.book import Progress
from app.workbook.reading.cells import Book, Cell, Row
from app.workbook.reading.refusal import WorkbookRefusedError

_ROWS_A_REPORT = 5_000
_NAMED_BY = {
    Kind.CUSTOMER: ("code", "name"),
    Kind.INVOICE: ("number",),
    Kind.PAYMENT: ("invoice_number",),
}


def check(
    book: Book,
    chosen: dict[str, ChosenMapping],
    answers: Answers,
    stored: Snapshot,
    currency: str,
    progress: Progress,
) -> Checked:
    """Return the workbook's records; raises WorkbookRefusedError where no tab is recognised or none holds a row."""
    checked = Checked()
    tabs = recognised(book, chosen, checked)
    for tab in tabs:
        if tab.sheet.has_more_rows:
            raise WorkbookRefusedError(
                f"Tab '{tab.name}' has more than {len(tab.sheet.rows):,} rows, the most that is read: split it."
            )
    if not tabs:
        names = ", ".join(f"'{sheet.name}'" for sheet in book.sheets[:5])
        raise NothingRecognisedError(
            checked,
            f"No list of invoices, payments or customers was found in the tabs {names}: each list needs a row of "
            "headers, such as Invoice No, Customer, Invoice Date, Due Date, Amount.",
        )
    _Check(book, tabs, answers, stored, currency, checked, progress).run()
    if not sum(report.rows for report in checked.tabs):
        raise WorkbookRefusedError("The lists in this workbook have headers but no rows: there is nothing to import.")
    return checked


class NothingRecognisedError(WorkbookRefusedError):
    """No tab was recognised as a list; `checked` tells what the tabs hold, for a person to say what they are."""

    def __init__(self, checked: Checked, message: str) -> None:
        super().__init__(message)
        self.checked = checked


class _Check:
    """One reading of one workbook."""

    def __init__(
        self,
        book: Book,
        tabs: list[Tab],
        answers: Answers,
        stored: Snapshot,
        currency: str,
        checked: Checked,
        progress: Progress,
    ) -> None:
        has_payments_tab = any(tab.header.kind is Kind.PAYMENT and tab.rows.records for tab in tabs)
        reading = CellReading(checked, currency, epoch_1904=book.epoch_1904)
        self._tabs = tabs
        self._answers = answers
        self._checked = checked
        self._progress = progress
        self._currency = currency
        self._customers = CustomerRows(reading, checked, stored)
        self._invoices = InvoiceRows(reading, checked, answers, self._customers, has_payments_tab=has_payments_tab)
        self._payments = PaymentRows(reading, checked, stored, self._customers, self._invoices)

    def run(self) -> None:
        """Check customers first, then invoices, then payments, as each names the ones before."""
        for kind in (Kind.CUSTOMER, Kind.INVOICE, Kind.PAYMENT):
            for tab in self._tabs:
                if tab.header.kind is kind:
                    self._check_tab(tab)
        self._invoices.ask_what_is_missing()
        self._payments.hold_against_invoices()

    def _check_tab(self, tab: Tab) -> None:
        if tab.header.kind is Kind.INVOICE:
            _read_paid_column_as_what_it_holds(tab)
        self._settle_columns(tab)
        check_row = {
            Kind.CUSTOMER: self._customers.check,
            Kind.INVOICE: self._invoices.check,
            Kind.PAYMENT: self._payments.check,
        }[tab.header.kind]
        for count, row in enumerate(tab.rows.records, start=1):
            tab.report.rows += 1
            try:
                check_row(tab, row)
            except RowProblemError:
                self._checked.error_rows.add((tab.name, row.number))
                self._remember_broken(tab, row)
            if count % _ROWS_A_REPORT == 0:
                self._progress(f"checking tab {tab.name}: {count:,} rows")
        add_own_totals(tab)
        add_notices(tab, self._checked, self._currency)

    def _settle_columns(self, tab: Tab) -> None:
        for column in tab.header.columns:
            if column.field.endswith("_on"):
                order = date_order(tab.name, column, tab.rows.records, self._answers)
                self._note_question(tab, column.field, order)
                tab.orders[column.field] = order if isinstance(order, DateOrder) else None
            elif column.field.endswith("_cents"):
                mark = decimal_mark(tab.name, column, tab.rows.records, self._answers)
                self._note_question(tab, column.field, mark)
                tab.marks[column.field] = mark if isinstance(mark, DecimalMark) else None

    def _note_question(self, tab: Tab, name: str, settled: object) -> None:
        if isinstance(settled, Question):
            self._checked.questions.append(settled)
            tab.asked.add(name)

    def _remember_broken(self, tab: Tab, row: Row) -> None:
        """Keep what the row is about, so that its record does not pass for missing from the file."""
        for name in _NAMED_BY[tab.header.kind]:
            try:
                text = compared(texts.read_identifier(tab.cell(row, name)))
            except UnreadableError:
                continue
            if text:
                self._checked.broken.add((tab.header.kind, text))


def _read_paid_column_as_what_it_holds(tab: Tab) -> None:
    """Read a column 'Paid' that says yes and no as a status, and one that holds days as the day of payment."""
    paid = tab.header.column("paid_cents")
    if paid is None:
        return
    held = filled(row.cell(paid.index) for row in tab.rows.records)
    if not held:
        return
    if not tab.has("status") and all(texts.is_yes_or_no(cell) for cell in held):
        _read_as(tab, paid, "status")
    elif not tab.has("paid_on") and all(_is_day(cell) for cell in held):
        _read_as(tab, paid, "paid_on")


def _read_as(tab: Tab, column: Column, field: str) -> None:
    columns = tuple(
        replace(each, field=field, confidence=Confidence.STRIPPED) if each is column else each
        for each in tab.header.columns
    )
    tab.read_by(replace(tab.header, columns=columns))


def _is_day(cell: Cell) -> bool:
    return isinstance(cell, datetime) or (isinstance(cell, str) and bool(dates.readings(cell)))
