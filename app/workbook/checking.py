"""Turn the rows of a workbook into records: every cell is read, or named as a problem, a notice or a question."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import TypeVar

from app.domain.money import cents_from_decimal, display, has_fractions_of_a_cent
from app.store.snapshot import Snapshot, compared
from app.workbook import amounts, dates, texts
from app.workbook.amounts import DecimalMark, UnreadableError
from app.workbook.cells import Book, Cell, Row, Sheet, cell_name, column_letter
from app.workbook.columns import Answers, date_order, decimal_mark
from app.workbook.dates import DateOrder
from app.workbook.headers import (
    ChosenMapping,
    Confidence,
    Header,
    Kind,
    find_header,
    fingerprint,
    is_list_of_problems,
    likeliest_header_row,
)
from app.workbook.reading import Progress
from app.workbook.records import (
    Checked,
    Notice,
    OwnTotal,
    Problem,
    Question,
    Record,
    TabReport,
    Value,
)
from app.workbook.refusal import WorkbookRefusedError
from app.workbook.rows import SortedRows, sort_rows
from app.workbook.statuses import Said, read_status

LONGEST_NOTE = 10_000
UNDATED_CHOICES = ("issued", "due")
TERMS_CHOICES = ("0", "14", "30", "60")
_ROWS_A_REPORT = 5_000
_NAMES = {Kind.CUSTOMER: "customers", Kind.INVOICE: "invoices", Kind.PAYMENT: "payments"}

_Read = TypeVar("_Read")


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
    tabs = _recognised(book, chosen, checked)
    if not tabs:
        names = ", ".join(f"'{sheet.name}'" for sheet in book.sheets[:5])
        raise WorkbookRefusedError(
            f"No list of invoices, payments or customers was found in the tabs {names}: each list needs a row of "
            "headers, such as Invoice No, Customer, Invoice Date, Due Date, Amount."
        )
    run = _Check(book, answers, stored, currency, checked, progress)
    for kind in (Kind.CUSTOMER, Kind.INVOICE, Kind.PAYMENT):
        run.has_payments_tab = any(tab.header.kind is Kind.PAYMENT for tab in tabs)
        for tab in tabs:
            if tab.header.kind is kind:
                run.check_tab(tab)
    run.ask_what_is_missing()
    if not sum(report.rows for report in checked.tabs):
        raise WorkbookRefusedError("The lists in this workbook have headers but no rows: there is nothing to import.")
    return checked


@dataclass(slots=True)
class _Tab:
    """A recognised tab while it is checked: what is read of it, and how its columns are read."""

    sheet: Sheet
    header: Header
    rows: SortedRows
    report: TabReport
    orders: dict[str, DateOrder | None] = field(default_factory=dict)
    marks: dict[str, DecimalMark | None] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)
    sums: Counter[str] = field(default_factory=Counter)
    rounded: int = 0
    indexes: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.read_by(self.header)

    def read_by(self, header: Header) -> None:
        self.header = header
        self.indexes = {column.field: column.index for column in header.columns}

    @property
    def name(self) -> str:
        return self.sheet.name

    def cell(self, row: Row, name: str) -> Cell:
        index = self.indexes.get(name)
        return None if index is None else row.cell(index)

    def has(self, name: str) -> bool:
        return name in self.indexes

    def place(self, row: Row, name: str) -> str:
        return cell_name(self.indexes.get(name, 0), row.number)


class _RowProblemError(Exception):
    """A row cannot become a record; its problem, if any, is noted already."""


class _Check:
    """One reading of one workbook."""

    def __init__(
        self, book: Book, answers: Answers, stored: Snapshot, currency: str, checked: Checked, progress: Progress
    ) -> None:
        self.book = book
        self.answers = answers
        self.stored = stored
        self.currency = currency
        self.checked = checked
        self.progress = progress
        self.has_payments_tab = False
        self.customers: dict[str, Record] = {}
        self.listed_codes_by_name: dict[str, list[str]] = defaultdict(list)
        self.has_customers_tab = False
        self.invoices: dict[tuple[str, ...], Record] = {}
        self.customers_by_number: dict[str, list[str]] = defaultdict(list)
        self.broken_numbers: set[str] = set()
        self.without_terms: list[tuple[str, str]] = []
        self.undated: list[tuple[str, str]] = []

    def check_tab(self, tab: _Tab) -> None:
        """Check all rows of a tab."""
        self._settle_columns(tab)
        if tab.header.kind is Kind.CUSTOMER:
            self.has_customers_tab = True
        if tab.header.kind is Kind.INVOICE:
            self._take_flags_for_amounts(tab)
        check_row = {
            Kind.CUSTOMER: self._customer,
            Kind.INVOICE: self._invoice,
            Kind.PAYMENT: self._payment,
        }[tab.header.kind]
        for count, row in enumerate(tab.rows.records, start=1):
            tab.report.rows += 1
            try:
                check_row(tab, row)
            except _RowProblemError:
                self.checked.error_rows.add((tab.name, row.number))
                self._remember_broken_number(tab, row)
            if count % _ROWS_A_REPORT == 0:
                self.progress(f"checking tab {tab.name}: {count:,} rows")
        self._add_totals(tab)
        self._add_notices(tab)

    def ask_what_is_missing(self) -> None:
        """Ask for terms and days of payment where rows have none."""
        if self.without_terms:
            tab, cell = self.without_terms[0]
            self.checked.questions.append(
                Question(
                    "terms",
                    "terms",
                    tab,
                    f"{len(self.without_terms):,} invoices have neither a due date nor terms (the first at "
                    f"{tab}!{cell}): after how many days are they due?",
                    TERMS_CHOICES,
                )
            )
        if self.undated:
            tab, cell = self.undated[0]
            self.checked.questions.append(
                Question(
                    "undated",
                    "undated",
                    tab,
                    f"{len(self.undated):,} invoices say what was paid but not when (the first at {tab}!{cell}): "
                    "on which day should these payments count?",
                    UNDATED_CHOICES,
                )
            )

    # --- columns

    def _settle_columns(self, tab: _Tab) -> None:
        rows = [*tab.rows.records]
        for column in tab.header.columns:
            if column.field.endswith("_on"):
                order = date_order(tab.name, column, rows, self.answers)
                self._note_question(tab, column.field, order)
                tab.orders[column.field] = order if isinstance(order, DateOrder) else None
            elif column.field.endswith("_cents"):
                mark = decimal_mark(tab.name, column, rows, self.answers)
                self._note_question(tab, column.field, mark)
                tab.marks[column.field] = mark if isinstance(mark, DecimalMark) else None

    def _note_question(self, tab: _Tab, name: str, settled: object) -> None:
        if isinstance(settled, Question):
            self.checked.questions.append(settled)
            tab.asked.add(name)

    def _take_flags_for_amounts(self, tab: _Tab) -> None:
        """Read a column 'Paid' that says yes and no as a status."""
        paid = tab.header.column("paid_cents")
        if paid is None or tab.has("status"):
            return
        words = [cell for row in tab.rows.records if (cell := row.cell(paid.index)) is not None]
        if words and all(texts.is_yes_or_no(word) for word in words):
            columns = tuple(
                replace(column, field="status", confidence=Confidence.STRIPPED) if column is paid else column
                for column in tab.header.columns
            )
            tab.read_by(replace(tab.header, columns=columns))
            tab.report.columns = _described(tab.header)

    # --- customers

    def _customer(self, tab: _Tab, row: Row) -> None:
        values = self._texts(tab, row, ("code", "name", "email", "phone"))
        code, name = values.get("code") or values.get("name"), values.get("name") or values.get("code")
        if not code or not name:
            raise self._problem(tab, row, "name", "has neither a name nor a code of the customer")
        values |= {"code": code, "name": name}
        if tab.has("terms_days"):
            values["terms_days"] = self._read(tab, row, "terms_days", texts.read_days)
        for long in ("address", "notes"):
            if tab.has(long):
                values[long] = self._read(tab, row, long, lambda cell: texts.read_paragraphs(cell, LONGEST_NOTE))
        record = Record(Kind.CUSTOMER, tab.name, row.number, (compared(str(code)),), values)
        self._add_once(tab, row, record, self.customers, f"Customer '{code}'")
        self.listed_codes_by_name[compared(str(name))].append(record.key[0])
        self.checked.customers.append(record)

    def _customer_of(self, tab: _Tab, row: Row) -> str:
        """Return the key of the customer whom an invoice's row names by code or by name, the new one too."""
        code, name = self._named_customer(tab, row)
        for text in filter(None, (code, name)):
            found = self._known_customer(tab, row, text, "customer_code" if text == code else "customer_name")
            if found:
                return found
        if self.has_customers_tab or not (code or name):
            where = "customer_code" if code else "customer_name"
            if not (code or name):
                raise self._problem(tab, row, where, "names no customer")
            raise self._problem(
                tab,
                row,
                where,
                f"names the customer '{code or name}', who is neither in the list of customers nor stored",
            )
        return self._new_customer(tab, row, code or name, name or code)

    def _named_customer(self, tab: _Tab, row: Row) -> tuple[str, str]:
        code = self._read(tab, row, "customer_code", texts.read_identifier) if tab.has("customer_code") else ""
        name = self._read(tab, row, "customer_name", texts.read_identifier) if tab.has("customer_name") else ""
        return code, name

    def _known_customer(self, tab: _Tab, row: Row, text: str, where: str) -> str | None:
        wanted = compared(text)
        if wanted in self.customers or wanted in self.stored.customers:
            return wanted
        codes = set(self.listed_codes_by_name.get(wanted, ()))
        codes = codes or set(self.stored.codes_by_name.get(wanted, ()))
        if len(codes) > 1:
            raise self._problem(
                tab, row, where, f"names '{text}', which several customers are called: name the customer by its code"
            )
        return next(iter(codes), None)

    def _new_customer(self, tab: _Tab, row: Row, code: str, name: str) -> str:
        values: dict[str, Value] = {"code": code, "name": name}
        if tab.has("customer_email"):
            values["email"] = self._read(tab, row, "customer_email", texts.read_identifier)
        record = Record(Kind.CUSTOMER, tab.name, row.number, (compared(code),), values)
        self.customers[record.key[0]] = record
        self.listed_codes_by_name[compared(name)].append(record.key[0])
        self.checked.customers.append(record)
        return record.key[0]

    # --- invoices

    def _invoice(self, tab: _Tab, row: Row) -> None:
        number = self._read(tab, row, "number", texts.read_identifier)
        if not number:
            raise self._problem(tab, row, "number", "has no invoice number")
        customer = self._customer_of(tab, row)
        issued_on = self._day(tab, row, "issued_on")
        if issued_on is None:
            raise self._problem(tab, row, "issued_on", "has no invoice date")
        said = self._said(tab, row)
        total, paid, currency = self._amounts(tab, row, said)
        values: dict[str, Value] = {
            "number": number,
            "issued_on": issued_on,
            "due_on": self._due_on(tab, row, issued_on, customer),
            "currency": currency,
            "total_cents": total,
            "ledger": tab.name,
        }
        values |= self._texts(tab, row, ("reference", "ledger"))
        if not values["ledger"]:
            values["ledger"] = tab.name
        if tab.has("notes"):
            values["notes"] = self._read(tab, row, "notes", lambda cell: texts.read_paragraphs(cell, LONGEST_NOTE))
        values |= self._said_values(tab, row, said)
        record = Record(Kind.INVOICE, tab.name, row.number, (compared(number), customer), values)
        payment = None
        if not self.has_payments_tab:
            payment = self._carried_payment(tab, row, record, paid, said)
        if not self._is_repeated(tab, row, record):
            self.customers_by_number[record.key[0]].append(customer)
            self.checked.invoices.append(record)
            if payment:
                self.checked.payments.append(payment)

    def _amounts(self, tab: _Tab, row: Row, said: Said) -> tuple[int, int | None, str]:
        """Return total, what the row says was paid (None: nothing is said) in cents, and the currency."""
        sign: str | None = None
        cents: dict[str, int | None] = {}
        for name in ("total_cents", "paid_cents", "balance_cents"):
            amount = self._amount(tab, row, name)
            cents[name] = None if amount is None else self._cents(tab, amount)
            sign = sign or (amount.currency if amount else None)
        total, paid, balance = cents["total_cents"], cents["paid_cents"], cents["balance_cents"]
        if total is None and balance is None:
            raise self._problem(tab, row, "total_cents" if tab.has("total_cents") else "balance_cents", "has no amount")
        if total is None:
            total = (balance or 0) + (paid or 0)
        if (
            paid is None
            and balance is not None
            and tab.has("total_cents")
            and said not in {Said.VOID, Said.WRITTEN_OFF}
        ):
            paid = total - balance
        if paid is not None and balance is not None and total - paid != balance and said is not Said.WRITTEN_OFF:
            raise self._problem(
                tab,
                row,
                "balance_cents",
                f"says {display(balance)} is open, but {display(total)} less {display(paid)} paid is "
                f"{display(total - paid)}: mend the one that is wrong",
            )
        return total, paid, self._currency_of(tab, row, sign)

    def _due_on(self, tab: _Tab, row: Row, issued_on: date, customer: str) -> date:
        due_on = self._day(tab, row, "due_on")
        if due_on is not None:
            return due_on
        terms = self._read(tab, row, "terms_days", texts.read_days) if tab.has("terms_days") else None
        if terms is None:
            terms = self._terms_of(customer)
        if terms is None:
            answer = self.answers.to("terms", "terms")
            terms = int(answer) if answer and answer.isdigit() else None
        if terms is None:
            self.without_terms.append((tab.name, self._any_place(tab, row, "due_on", "issued_on")))
            raise _RowProblemError
        return issued_on + timedelta(days=terms)

    def _terms_of(self, customer: str) -> int | None:
        listed = self.customers.get(customer)
        terms = listed.values.get("terms_days") if listed else None
        if isinstance(terms, int):
            return terms
        known = self.stored.customers.get(customer)
        return known.terms_days if known else None

    def _said(self, tab: _Tab, row: Row) -> Said:
        if not tab.has("status"):
            return Said.NOTHING
        text = self._read(tab, row, "status", texts.read_identifier)
        said = read_status(text)
        if said is None:
            self.checked.notices.append(
                Notice(tab.name, f"{tab.place(row, 'status')}: the status '{text}' is not known and was not used.")
            )
        return said or Said.NOTHING

    def _said_values(self, tab: _Tab, row: Row, said: Said) -> dict[str, Value]:
        values: dict[str, Value] = {}
        if tab.has("status"):
            states = {Said.DRAFT, Said.VOID, Said.WRITTEN_OFF}
            values["state"] = said.value if said in states else ""
            if said in states and (since := self._day(tab, row, "status_on")):
                values["state_on"] = since
            if said in states and tab.has("status_reason"):
                values["state_reason"] = self._read(tab, row, "status_reason", texts.read_identifier)
        if tab.has("disputed"):
            values["disputed"] = self._read(tab, row, "disputed", texts.read_yes_or_no)
        if said is Said.DISPUTED:
            values["disputed"] = True
        return values

    def _carried_payment(self, tab: _Tab, row: Row, invoice: Record, paid: int | None, said: Said) -> Record | None:
        """Return the payment that the invoice's own row tells of: by an amount, a status, or the day alone."""
        total = int(invoice.values["total_cents"])  # type: ignore[arg-type]  # an invoice's total is a number
        paid_on = self._day(tab, row, "paid_on")
        if paid is None and (said is Said.PAID or (paid_on and said in {Said.NOTHING, Said.DISPUTED})):
            paid = total
        if paid is None and said is Said.PARTIAL:
            raise self._problem(tab, row, "status", "says the invoice is paid in part, but no cell says how much")
        if said is Said.PAID and paid != total and not tab.has("paid_cents") and not tab.has("balance_cents"):
            paid = total
        if said is Said.PAID and paid is not None and paid < total:
            raise self._problem(
                tab, row, "status", f"says the invoice is paid, but {display(total - paid)} of it is still open"
            )
        if not paid:
            return None
        if paid_on is None:
            paid_on = self._day_of_undated(tab, row, invoice)
        values: dict[str, Value] = {"paid_on": paid_on, "amount_cents": paid}
        if tab.has("payment_method"):
            values["method"] = self._read(tab, row, "payment_method", texts.read_identifier)
        return Record(Kind.PAYMENT, tab.name, row.number, invoice.key, values, cumulative=True)

    def _day_of_undated(self, tab: _Tab, row: Row, invoice: Record) -> date:
        answer = self.answers.to("undated", "undated")
        if answer not in UNDATED_CHOICES:
            self.undated.append(
                (tab.name, self._any_place(tab, row, "paid_on", "paid_cents", "status", "balance_cents"))
            )
            raise _RowProblemError
        day = invoice.values["issued_on" if answer == "issued" else "due_on"]
        assert isinstance(day, date)  # noqa: S101  # both were read as days above
        return day

    def _is_repeated(self, tab: _Tab, row: Row, record: Record) -> bool:
        """Tell whether the very same invoice stood in an earlier row; another one of that number is a problem."""
        earlier = self.invoices.setdefault(record.key, record)
        if earlier is record:
            return False
        same = {**earlier.values, "ledger": ""} == {**record.values, "ledger": ""}
        place = f"{earlier.tab}, row {earlier.row}"
        if not same:
            raise self._problem(
                tab,
                row,
                "number",
                f"repeats invoice '{record.values['number']}' of {place} with other values: keep one",
            )
        self.checked.duplicate_rows += 1
        self.checked.notices.append(Notice(tab.name, f"Row {row.number} says the same as {place}, and was read once."))
        return True

    # --- payments

    def _payment(self, tab: _Tab, row: Row) -> None:
        number = self._read(tab, row, "invoice_number", texts.read_identifier)
        if not number:
            raise self._problem(tab, row, "invoice_number", "names no invoice")
        key = self._invoice_of(tab, row, number)
        paid_on = self._day(tab, row, "paid_on")
        if paid_on is None:
            raise self._problem(tab, row, "paid_on", "has no date of payment")
        amount = self._amount(tab, row, "amount_cents")
        if amount is None:
            raise self._problem(tab, row, "amount_cents", "has no amount")
        self._check_currency(tab, row, key, amount.currency)
        values: dict[str, Value] = {"paid_on": paid_on, "amount_cents": self._cents(tab, amount)}
        values |= self._texts(tab, row, ("method", "reference"))
        if tab.has("note"):
            values["note"] = self._read(tab, row, "note", lambda cell: texts.read_paragraphs(cell, LONGEST_NOTE))
        self.checked.payments.append(Record(Kind.PAYMENT, tab.name, row.number, key, values))

    def _invoice_of(self, tab: _Tab, row: Row, number: str) -> tuple[str, str]:
        """Return the key of the invoice that a payment's row names."""
        wanted = compared(number)
        owners = self.customers_by_number.get(wanted) or self.stored.customers_by_number.get(wanted, [])
        code, name = self._named_customer(tab, row)
        if code or name:
            known = [self._known_customer(tab, row, text, "invoice_number") for text in (code, name) if text]
            owners = [owner for owner in owners if owner in known] or ([] if any(known) else owners)
        if len(owners) > 1:
            raise self._problem(
                tab,
                row,
                "invoice_number",
                f"names invoice '{number}', which several customers have: add a customer column",
            )
        if owners:
            return wanted, owners[0]
        if wanted in self.broken_numbers:
            raise self._problem(tab, row, "invoice_number", f"pays invoice '{number}', whose own row has a problem")
        raise self._problem(
            tab, row, "invoice_number", f"names invoice '{number}', which is neither in the workbook nor stored"
        )

    def _check_currency(self, tab: _Tab, row: Row, key: tuple[str, str], sign: str | None) -> None:
        currency = self._currency_of(tab, row, sign) if sign or tab.has("currency") else None
        listed = self.invoices.get(key)
        stored = self.stored.invoices.get(key)
        expected = listed.values["currency"] if listed else (stored.currency if stored else None)
        if currency and currency != expected:
            raise self._problem(tab, row, "amount_cents", f"is in {currency}, but the invoice is in {expected}")

    # --- cells

    def _read(self, tab: _Tab, row: Row, name: str, read: Callable[[Cell], _Read]) -> _Read:
        try:
            return read(tab.cell(row, name))
        except UnreadableError as error:
            if name in tab.asked and "two ways" in str(error):
                raise _RowProblemError from error
            raise self._problem(tab, row, name, str(error)) from error

    def _texts(self, tab: _Tab, row: Row, names: Iterable[str]) -> dict[str, Value]:
        return {name: self._read(tab, row, name, texts.read_identifier) for name in names if tab.has(name)}

    def _day(self, tab: _Tab, row: Row, name: str) -> date | None:
        if not tab.has(name):
            return None
        order, epoch_1904 = tab.orders.get(name), self.book.epoch_1904
        return self._read(tab, row, name, lambda cell: dates.read_day(cell, order, epoch_1904=epoch_1904))

    def _amount(self, tab: _Tab, row: Row, name: str) -> amounts.Amount | None:
        if not tab.has(name):
            return None
        mark = tab.marks.get(name)
        amount = self._read(tab, row, name, lambda cell: amounts.read_amount(cell, mark))
        if amount is not None:
            tab.sums[name] += cents_from_decimal(amount.value)
        return amount

    def _cents(self, tab: _Tab, amount: amounts.Amount) -> int:
        if has_fractions_of_a_cent(amount.value):
            tab.rounded += 1
        return cents_from_decimal(amount.value)

    def _currency_of(self, tab: _Tab, row: Row, sign: str | None) -> str:
        written = self._read(tab, row, "currency", texts.read_identifier).upper() if tab.has("currency") else ""
        by_sign = _currency_for_sign(sign, self.currency)
        named = _currency_for_sign(written or None, self.currency)
        if named and not (len(named) == 3 and named.isascii() and named.isalpha()):
            raise self._problem(tab, row, "currency", f"says '{written}', which is not a currency code such as USD")
        if named and by_sign and sign not in {"$", "¥"} and named != by_sign:
            raise self._problem(tab, row, "currency", f"says {named}, but the amount is written in {by_sign}")
        return named or by_sign or self.currency

    def _add_once(self, tab: _Tab, row: Row, record: Record, seen: dict[str, Record], called: str) -> None:
        earlier = seen.setdefault(record.key[0], record)
        if earlier is not record:
            raise self._problem(
                tab, row, "code" if tab.has("code") else "name", f"repeats {called} of row {earlier.row}: keep one"
            )

    def _problem(self, tab: _Tab, row: Row, name: str, what: str) -> _RowProblemError:
        cell = tab.place(row, name)
        self.checked.problems.append(Problem(tab.name, cell, f"{cell} {what}.", row.number))
        return _RowProblemError()

    def _any_place(self, tab: _Tab, row: Row, *names: str) -> str:
        return next((tab.place(row, name) for name in names if tab.has(name)), f"A{row.number}")

    def _remember_broken_number(self, tab: _Tab, row: Row) -> None:
        if tab.header.kind is Kind.INVOICE:
            try:
                self.broken_numbers.add(compared(texts.read_identifier(tab.cell(row, "number"))))
            except UnreadableError:
                return

    # --- what is said of a tab as a whole

    def _add_totals(self, tab: _Tab) -> None:
        for row in tab.rows.totals:
            for column in tab.header.columns:
                if column.field not in tab.sums:
                    continue
                try:
                    amount = amounts.read_amount(
                        row.cell(column.index), tab.marks.get(column.field) or DecimalMark.POINT
                    )
                except UnreadableError:
                    amount = None
                if amount is not None:
                    tab.report.own_totals.append(
                        OwnTotal(
                            cell_name(column.index, row.number),
                            column.header,
                            cents_from_decimal(amount.value),
                            self._sum_above(tab, column.field, row.number, cents_from_decimal(amount.value)),
                        )
                    )

    def _sum_above(self, tab: _Tab, name: str, total_row: int, stated: int) -> int:
        """Return what a total row adds up: its section since the total row before, or, if that is not it, all above."""
        column = tab.header.column(name)
        assert column is not None  # noqa: S101  # it has been summed
        previous = max((row.number for row in tab.rows.totals if row.number < total_row), default=0)
        section = everything = 0
        for row in tab.rows.records:
            if row.number > total_row:
                break
            try:
                amount = amounts.read_amount(row.cell(column.index), tab.marks.get(name) or DecimalMark.POINT)
            except UnreadableError:
                continue
            cents = cents_from_decimal(amount.value) if amount else 0
            everything += cents
            section += cents if row.number > previous else 0
        return section if section == stated else everything

    def _add_notices(self, tab: _Tab) -> None:
        def say(message: str) -> None:
            self.checked.notices.append(Notice(tab.name, message))

        hidden = sum(row.hidden for row in tab.rows.records)
        if tab.sheet.hidden:
            say("The tab is hidden in Excel; it was read all the same.")
        if hidden:
            why = "by a filter" if tab.sheet.filtered else "in Excel"
            say(f"{hidden:,} rows are hidden {why}; they were read all the same.")
        if tab.sheet.merged_down:
            say(f"{tab.sheet.merged_down:,} cells are merged with the one above; its value was read for each row.")
        if tab.sheet.stopped_after_empty_row:
            say(f"Nothing but empty rows stood above row {tab.sheet.stopped_after_empty_row:,}; reading stopped there.")
        if tab.rounded:
            say(f"{tab.rounded:,} amounts have fractions of a cent and were rounded to the nearest cent.")
        for row in tab.rows.totals:
            say(f"Row {row.number} was read as a total and compared, not imported.")
        for number, words in tab.rows.left_out:
            say(f"Row {number} was left out: {words or 'it has nothing in the columns that are read'}.")
        taken: dict[str, str] = {}
        for index, header in tab.header.ignored:
            taken[column_letter(index)] = header
        if taken:
            say("Columns not read: " + ", ".join(f"{letter} '{header}'" for letter, header in taken.items()) + ".")


def _recognised(book: Book, chosen: dict[str, ChosenMapping], checked: Checked) -> list[_Tab]:
    tabs = []
    for sheet in book.sheets:
        if is_list_of_problems(sheet):
            continue
        header = find_header(sheet, chosen)
        if header is None:
            checked.tabs.append(_unrecognised(sheet, checked))
            continue
        report = TabReport(
            sheet.name,
            header.kind,
            header.row,
            header.fingerprint,
            _described(header),
        )
        checked.tabs.append(report)
        tabs.append(_Tab(sheet, header, sort_rows(sheet, header), report))
    return tabs


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


def _described(header: Header) -> list[dict[str, str | None]]:
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
        (index, {"column": column_letter(index), "header": text, "field": None, "confidence": None})
        for index, text in header.ignored
    ]
    return [described for _, described in sorted(read + rest, key=lambda pair: pair[0])]


def _currency_for_sign(sign: str | None, default: str) -> str | None:
    """Return the currency a sign stands for; a bare $ or ¥ is the business's own where that has the sign."""
    if sign == "$":
        return default if default in {"USD", "CAD", "AUD", "NZD", "SGD", "HKD", "MXN"} else "USD"
    if sign == "¥":
        return default if default in {"JPY", "CNY"} else "JPY"
    if sign in {"€", "£"}:
        return {"€": "EUR", "£": "GBP"}[sign]
    return sign
