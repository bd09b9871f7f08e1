"""Turn the rows of a workbook into records; a cell that cannot be read becomes a problem, a notice or a question."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, tzinfo

from app.domain.sentences import counted
from app.store.ledger.snapshot import Snapshot, compared
from app.workbook.meaning.cell_values import dates, texts
from app.workbook.meaning.cell_values.amounts import DecimalMark, UnreadableError
from app.workbook.meaning.cell_values.dates import DateOrder
from app.workbook.meaning.columns.formats import date_order, decimal_mark, half_swapped
from app.workbook.meaning.doubts import ask_about_doubts
from app.workbook.meaning.recognition import nearest, recognised
from app.workbook.meaning.results.questions import Answers, Questions
from app.workbook.meaning.results.records import Checked, Question
from app.workbook.meaning.rows.customer_rows import CustomerRows
from app.workbook.meaning.rows.document_types import sort_documents
from app.workbook.meaning.rows.invoice_rows import InvoiceRows
from app.workbook.meaning.rows.payment_rows import PaymentRows
from app.workbook.meaning.rows.table_row import RowProblemError, Surroundings, TableRow
from app.workbook.meaning.rows.tabs import Tab
from app.workbook.meaning.tab_notices import add_notices, add_own_totals
from app.workbook.meaning.tables.headers import ChosenMapping, Column
from app.workbook.meaning.vocabulary import currencies
from app.workbook.meaning.vocabulary.headings import ListKind
from app.workbook.reading.cells import Book, Row, column_letter
from app.workbook.reading.progress import Progress, Step
from app.workbook.reading.refusal import WorkbookRefusedError

_ROWS_A_REPORT = 5_000
_NAMED_BY = {ListKind.CUSTOMER: ("code", "name"), ListKind.INVOICE: ("number",), ListKind.PAYMENT: ("invoice_number",)}


@dataclass(frozen=True, slots=True)
class ReadingContext:
    currency: str
    zone: tzinfo = UTC
    today: date | None = None


def check(
    book: Book,
    chosen: Mapping[str, ChosenMapping],
    answers: Answers,
    stored: Snapshot,
    context: ReadingContext,
    progress: Progress,
) -> Checked:
    """Raise NothingRecognisedError if no tab is a list, WorkbookRefusedError if none has rows."""
    checked = Checked()
    questions = Questions(answers, checked, _kept_columns(stored))
    tabs = recognised(book, chosen, checked, questions)
    if not tabs:
        names = ", ".join(f"'{sheet.name}'" for sheet in book.sheets[:5])
        checked.questions.clear()
        sentences = (
            f"No list of invoices, payments or customers was found in the tabs {names}.",
            nearest(checked),
            "Each list needs a row of headers, such as Invoice No, Customer, Invoice Date, Due Date, Amount.",
        )
        raise NothingRecognisedError(checked, " ".join(filter(None, sentences)))
    _Check(book, tabs, questions, stored, context, checked, progress).run()
    if not sum(report.rows for report in checked.tabs):
        raise WorkbookRefusedError("The lists in this workbook have headers but no rows: there is nothing to import.")
    return checked


def _kept_columns(stored: Snapshot) -> set[str]:
    of_customers = {name for customer in stored.customers.values() for name in customer.own_fields}
    return of_customers | {name for invoice in stored.invoices.values() for name in invoice.own_fields}


class NothingRecognisedError(WorkbookRefusedError):
    """No tab was recognised as a list; `checked` lists the tabs, so that a person can choose their kinds."""

    def __init__(self, checked: Checked, message: str) -> None:
        super().__init__(message)
        self.checked = checked


class _Check:
    def __init__(
        self,
        book: Book,
        tabs: list[Tab],
        questions: Questions,
        stored: Snapshot,
        context: ReadingContext,
        checked: Checked,
        progress: Progress,
    ) -> None:
        self._around = Surroundings(checked, context.currency, context.zone, book.epoch_1904)
        self._tabs = tabs
        self._questions = questions
        self._checked = checked
        self._progress = progress
        self._context = context
        self._stored = stored
        for tab in tabs:
            sort_documents(tab, questions)
        has_payments_tab = any(tab.header.kind is ListKind.PAYMENT and tab.rows.records for tab in tabs)
        has_payments = has_payments_tab or any(tab.payments_on_account for tab in tabs)
        self._customers = CustomerRows(checked, stored)
        self._invoices = InvoiceRows(checked, questions, self._customers, has_payments_tab=has_payments)
        self._payments = PaymentRows(checked, stored, self._customers, self._invoices)

    def run(self) -> None:
        """Check customers, then invoices, then payments, as each refers to the ones before."""
        for tab in self._tabs:
            tab.default_currency = self._questions.known(self._which_currency(tab, ())) or ""
        for kind in (ListKind.CUSTOMER, ListKind.INVOICE, ListKind.PAYMENT):
            for tab in self._tabs:
                if tab.header.kind is kind:
                    self._check_tab(tab)
        self._ask_about_currencies()
        self._invoices.ask_what_is_missing()
        on_account = (TableRow(tab, row, self._around) for tab in self._tabs for row in tab.payments_on_account)
        self._payments.settle_together(on_account)
        ask_about_doubts(self._checked, self._invoices, self._questions, self._stored, self._context.today)

    def _ask_about_currencies(self) -> None:
        """Ask about rows without a currency if others name one that is not the business's own."""
        own = self._context.currency
        invoices = [tab for tab in self._tabs if tab.header.kind is ListKind.INVOICE]
        others = sorted({code for tab in invoices for code in tab.currencies if code} - {own})
        for tab in invoices if others else ():
            if tab.currencies[None]:
                self._questions.put(self._which_currency(tab, others))

    def _which_currency(self, tab: Tab, others: Sequence[str]) -> Question:
        own = self._context.currency
        count = tab.currencies[None]
        rows = counted(count, "row", "rows")
        return Question(
            f"currency:{tab.name}!{tab.header.row}",
            "currency",
            tab.name,
            f"{rows} of tab '{tab.name}' {'names' if count == 1 else 'name'} no currency, while others are in "
            f"{', '.join(others)}: which are they in?",
            (own, *others) if others else tuple(currencies.codes()),
            labels={code: code for code in (own, *others)},
            shape=tab.shape("currency"),
        )

    def _check_tab(self, tab: Tab) -> None:
        self._settle_columns(tab)
        check_row = {
            ListKind.CUSTOMER: self._customers.check,
            ListKind.INVOICE: self._invoices.check,
            ListKind.PAYMENT: self._payments.check,
        }[tab.header.kind]
        for count, row in enumerate(tab.rows.records, start=1):
            tab.report.rows += 1
            read = TableRow(tab, row, self._around)
            try:
                check_row(read)
            except RowProblemError:
                read.give_up()
                self._remember_broken(tab, row)
            if count % _ROWS_A_REPORT == 0:
                self._progress(Step(f"checking tab {tab.name}", count, len(tab.rows.records)))
        add_own_totals(tab)
        add_notices(tab, self._checked)

    def _settle_columns(self, tab: Tab) -> None:
        for column in tab.header.columns:
            if column.field.endswith("_on"):
                self._settle_days(tab, column)
            elif column.field.endswith("_cents"):
                mark = self._settled(tab, column, decimal_mark(tab.name, column, tab.rows.records))
                tab.marks[column.index] = DecimalMark(mark) if mark else None

    def _settle_days(self, tab: Tab, column: Column) -> None:
        order = self._settled(tab, column, date_order(tab.name, column, tab.rows.records))
        tab.orders[column.field] = DateOrder(order) if order else None
        swapped = half_swapped(tab.name, column, tab.rows.records)
        if swapped and self._settled(tab, column, swapped) == "swapped":
            tab.swapped.add(column.field)
        held = (row.cell(column.index) for row in tab.rows.records)
        if dates.are_plain_days(cell for cell in held if isinstance(cell, str)):
            tab.plain_days.add(column.field)

    def _settled(self, tab: Tab, column: Column, settled: str | Question | None) -> str | None:
        """Return how to read the column: as its cells decide, or as answered; None if neither is known."""
        if not isinstance(settled, Question):
            return settled
        shape = f"{tab.shape(settled.subject)}:{column_letter(column.index)}"
        answer = self._questions.put(replace(settled, shape=shape))
        if answer is None:
            tab.asked.add(column.field)
        return answer

    def _remember_broken(self, tab: Tab, row: Row) -> None:
        """Keep the row's identifying value, so that its record does not count as missing from the file."""
        for name in _NAMED_BY[tab.header.kind]:
            try:
                text = compared(texts.read_identifier(tab.cell(row, name)))
            except UnreadableError:
                continue
            if text:
                self._checked.broken.add((tab.header.kind, text))
