"""Rows of invoice lists, with the payments in those rows."""

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date, timedelta

from app.domain.fields import INVOICE
from app.domain.sentences import amount_text, counted
from app.store.ledger.snapshot import compared
from app.workbook.meaning.results.questions import Questions
from app.workbook.meaning.results.records import CellProblem, Checked, Key, Question, Record, Value
from app.workbook.meaning.rows.customer_rows import CustomerRows
from app.workbook.meaning.rows.repeated_rows import RepeatedRows
from app.workbook.meaning.rows.table_row import RowProblemError, TableRow
from app.workbook.meaning.rows.tabs import Tab
from app.workbook.meaning.tables.row_sorting import filled
from app.workbook.meaning.vocabulary import currencies
from app.workbook.meaning.vocabulary.headings import ListKind
from app.workbook.meaning.vocabulary.statuses import StatedStatus, read_status
from app.workbook.reading.cells import cell_name, column_letter

_UNDATED = Question("undated", "undated", "", "", ("issued", "due"))
_TERMS = Question("terms", "terms", "", "", ("0", "14", "30", "60"))
_CLOSED = {StatedStatus.VOID, StatedStatus.WRITTEN_OFF, StatedStatus.DRAFT}


@dataclass(frozen=True, slots=True)
class StatedPayment:
    """What an invoice's own row holds about its payments, if a table lists them too."""

    row: TableRow
    paid: int | None
    status: StatedStatus
    paid_on: date | None

    @property
    def cell(self) -> str:
        return self.row.place("paid_cents", "balance_cents", "status", "paid_on")


class InvoiceRows:
    def __init__(
        self, checked: Checked, questions: Questions, customers: CustomerRows, *, has_payments_tab: bool
    ) -> None:
        self._checked = checked
        self._questions = questions
        self._customers = customers
        self._has_payments_tab = has_payments_tab
        self._without_terms: list[tuple[Tab, str]] = []
        self._undated: list[tuple[Tab, str]] = []
        self._repeated = RepeatedRows(checked, questions)
        self.by_key: dict[Key, Record] = {}
        self.customers_by_number: dict[str, list[str]] = defaultdict(list)
        self.stated_payments: dict[Key, StatedPayment] = {}

    def check(self, row: TableRow) -> None:
        """Raise RowProblemError for a row that cannot become an invoice."""
        number = row.identifier("number")
        if not number:
            raise row.problem("number", "has no invoice number")
        customer, new_customer = self._customers.named_in(row)
        issued_on = row.day("issued_on")
        if issued_on is None:
            raise self._without_day(row)
        status = self._status_of(row)
        total, paid, currency = self._amounts(row, status)
        settled_on = self._settled_on(row, total, paid, status)
        due_on = self._due_on(row, issued_on, customer, settled_on)
        values: dict[str, Value] = {
            "number": number,
            "issued_on": issued_on,
            "due_on": due_on,
            "currency": currency,
            "total_cents": total,
            "ledger": row.text("ledger") or row.tab.name,
            **row.plain(INVOICE),
            **row.own_fields(),
            **self._status_values(row, status),
        }
        record = row.record(ListKind.INVOICE, (compared(number), customer), values)
        payment = self._carried_payment(row, record, paid, status)
        if not self._repeated.is_repeated(row, record, payment):
            self.by_key[record.key] = record
            self._add(record, payment, new_customer)

    def ask_what_is_missing(self) -> None:
        if self._without_terms:
            has = counted(len(self._without_terms), "invoice has", "invoices have")
            found = f"{has} neither a due date nor terms"
            self._ask(_TERMS, self._without_terms, found, "after how many days is it due?")
        if self._undated:
            says = counted(len(self._undated), "invoice says", "invoices say")
            found = f"{says} what was paid but not when"
            self._ask(_UNDATED, self._undated, found, "on which day should the payment count?")
        self._repeated.ask()

    def _ask(self, question: Question, places: list[tuple[Tab, str]], found: str, asked: str) -> None:
        tab, cell = places[0]
        text = f"{found} (the first at {tab.name}!{cell}): {asked}"
        self._questions.put(replace(question, tab=tab.name, text=text, shape=tab.shape(question.subject)))

    def _add(self, record: Record, payment: Record | None, new_customer: Record | None) -> None:
        # A new customer is added only if the whole row is valid.
        if new_customer:
            self._customers.add(new_customer)
        self.customers_by_number[record.key[0]].append(record.key[1])
        self._checked.invoices.append(record)
        if payment:
            self._checked.payments.append(payment)

    def _without_day(self, row: TableRow) -> RowProblemError:
        """Record the missing invoice date: at the row's cell, or once per table if it has no such column."""
        if row.has("issued_on"):
            return row.problem("issued_on", "has no invoice date")
        if not row.tab.is_without_days:
            row.tab.is_without_days = True
            unread = ", ".join(f"{column_letter(index)} '{text}'" for index, text in row.tab.header.ignored)
            message = f"No column of tab '{row.tab.name}' is read as the invoice date"
            message += f"; not read: {unread}" if unread else ""
            cell = cell_name(0, row.tab.header.row)
            sentence = f"{cell}: {message}. Say which column it is."
            self._checked.problems.append(CellProblem(row.tab.name, cell, sentence, row.number))
        return RowProblemError()

    # --- amounts

    def _amounts(self, row: TableRow, status: StatedStatus) -> tuple[int, int | None, str]:
        """Return the total, the paid amount (None: not stated), both in cents, and the currency."""
        total, total_sign = self._total(row)
        paid, paid_sign = row.amount("paid_cents")
        balance, balance_sign = row.amount("balance_cents")
        has_total = row.has("total_cents") or row.has("net_cents")
        amount_field = next((name for name in ("total_cents", "net_cents") if row.has(name)), "balance_cents")
        if total is None:
            if has_total or balance is None:
                raise row.problem(amount_field, "has no amount")
            total = balance + (paid or 0)
        currency = row.currency(total_sign or balance_sign or paid_sign, amount_field)
        currency = currency or row.tab.default_currency or row.around.currency
        self._check_currencies(row, currency, {"paid_cents": paid_sign, "balance_cents": balance_sign})
        if row.document == "credit_note":
            total, paid, balance = -total, paid and -paid, balance and -balance
        if has_total and balance is not None:
            paid = self._paid_by_balance(row, status, total, paid, balance)
        return total, paid, currency

    def _total(self, row: TableRow) -> tuple[int | None, str | None]:
        """Return the total with tax that must be added and less a discount that must be taken off."""
        name = "total_cents" if row.has("total_cents") else "net_cents"
        total, sign = row.amount(name)
        if total is None:
            return None, sign
        tax, _ = row.amount("tax_cents")
        discount, _ = row.amount("discount_cents")
        return total + (tax or 0) - abs(discount or 0), sign

    def _check_currencies(self, row: TableRow, currency: str, signs: dict[str, str | None]) -> None:
        """Raise a problem if the paid amount is in another currency than the total: they cannot be subtracted."""
        for name, sign in signs.items():
            named = sign or currencies.of_heading(row.tab.heading(name))
            if named and filled([row.tab.cell(row.row, name)]) and not currencies.may_be(named, currency):
                other = currencies.for_sign(named, row.around.currency) or named
                raise row.problem(
                    name, f"is in {other}, but the invoice is in {currency}: enter what it is in {currency}"
                )

    def _paid_by_balance(
        self, row: TableRow, status: StatedStatus, total: int, paid: int | None, balance: int
    ) -> int | None:
        if status in _CLOSED:
            return paid
        if paid is not None and total - paid != balance:
            raise row.problem(
                "balance_cents",
                f"says {amount_text(balance)} is open, but {amount_text(total)} less {amount_text(paid)} paid is "
                f"{amount_text(total - paid)}: correct the one that is wrong",
            )
        if abs(balance) > abs(total) and (balance < 0) == (total < 0 or balance < 0 < total):
            if balance < 0 < total:
                return total - balance  # overpaid: the rest is credit
            raise row.problem(
                "balance_cents",
                f"says {amount_text(balance)} is open of {amount_text(total)}: correct the one that is wrong",
            )
        return total - balance

    # --- days

    def _settled_on(self, row: TableRow, total: int, paid: int | None, status: StatedStatus) -> date | None:
        """Return the date on which the whole invoice was paid according to its row, or None."""
        paid_on = row.day("paid_on")
        is_whole = paid == total or (paid is None and status in {StatedStatus.PAID, StatedStatus.NOTHING})
        return paid_on if is_whole and not self._has_payments_tab else None

    def _due_on(self, row: TableRow, issued_on: date, customer: str, settled_on: date | None) -> date:
        due_on = row.day("due_on")
        if due_on is not None:
            if due_on < issued_on:
                row.tab.due_before_issued.append(row.place("due_on"))
            return due_on
        terms = row.days("terms_days")
        if terms is None:
            terms = self._customers.terms_of(customer)
        if terms is None and settled_on is not None:
            # The due date only affects the days late of this invoice; using the payment date means it was not late.
            row.tab.settled_without_due_date.append(row.place("paid_on"))
            return max(settled_on, issued_on)
        if terms is None:
            answer = self._questions.known(replace(_TERMS, shape=row.tab.shape("terms")))
            terms = int(answer) if answer else None
            self._without_terms.append((row.tab, row.place("due_on", "issued_on")))
        if terms is None:
            raise RowProblemError
        return issued_on + timedelta(days=terms)

    # --- the status

    def _status_of(self, row: TableRow) -> StatedStatus:
        text = row.text("status")
        status = read_status(text)
        if status is not None:
            return status
        if not self._has_payments_tab and not any(map(row.has, ("paid_cents", "balance_cents", "paid_on"))):
            raise row.problem(
                "status",
                f"says '{text[:40]}', and nothing else tells whether the invoice is paid: write Paid, Open or Void",
            )
        row.tab.unknown_statuses.setdefault(text, []).append(row.place("status"))
        return StatedStatus.NOTHING

    def _status_values(self, row: TableRow, status: StatedStatus) -> dict[str, Value]:
        values: dict[str, Value] = {}
        if row.has("status"):
            values["state"] = status.value if status in _CLOSED else ""
            if status in _CLOSED:
                if since := row.day("status_on"):
                    values["state_on"] = since
                if row.has("status_reason"):
                    values["state_reason"] = row.text("status_reason")
        if row.has("disputed"):
            values["disputed"] = row.yes_or_no("disputed")
        if status is StatedStatus.DISPUTED:
            values["disputed"] = True
        return values

    # --- the payment in the row

    def _carried_payment(self, row: TableRow, invoice: Record, paid: int | None, status: StatedStatus) -> Record | None:
        """Return the payment in the invoice's own row, by an amount, a status, or a date alone."""
        paid_on = row.day("paid_on")
        paid = self._paid(row, invoice, paid, status, paid_on)
        if self._has_payments_tab:
            self.stated_payments[invoice.key] = StatedPayment(row, paid, status, paid_on)
            return None
        if not paid:
            return None
        if paid_on is None:
            paid_on = self._day_of_undated(row, invoice)
        values: dict[str, Value] = {"paid_on": paid_on, "amount_cents": paid}
        if row.has("payment_method"):
            values["method"] = row.text("payment_method")
        return row.record(ListKind.PAYMENT, invoice.key, values, cumulative=True)

    def _paid(
        self, row: TableRow, invoice: Record, paid: int | None, status: StatedStatus, paid_on: date | None
    ) -> int | None:
        total = invoice.cents("total_cents")
        if paid is None and (
            status is StatedStatus.PAID or (paid_on and status in {StatedStatus.NOTHING, StatedStatus.DISPUTED})
        ):
            return total
        if self._has_payments_tab:
            return paid
        if status in {StatedStatus.UNPAID, StatedStatus.PARTIAL} and paid is not None and 0 < total <= paid:
            raise row.problem(
                "status", f"says the invoice is not paid, but all of {amount_text(total)} is: correct what is wrong"
            )
        if paid is None and status is StatedStatus.PARTIAL:
            raise row.problem("status", "says the invoice is paid in part, but no cell says how much")
        if paid is None and status is StatedStatus.UNPAID and paid_on:
            raise row.problem(
                "status", f"says the invoice is not paid, but {row.place('paid_on')} has a day of payment"
            )
        if status is StatedStatus.PAID and paid is not None and abs(paid) < abs(total):
            raise row.problem(
                "status", f"says the invoice is paid, but {amount_text(total - paid)} of it is still open"
            )
        return paid

    def _day_of_undated(self, row: TableRow, invoice: Record) -> date:
        answer = self._questions.known(replace(_UNDATED, shape=row.tab.shape("undated")))
        self._undated.append((row.tab, row.place("paid_on", "paid_cents", "status", "balance_cents")))
        if answer is None:
            raise RowProblemError
        day = invoice.values["issued_on" if answer == "issued" else "due_on"]
        assert isinstance(day, date)  # both were read as dates above
        return day
