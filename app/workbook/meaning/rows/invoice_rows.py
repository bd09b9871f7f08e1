"""Rows of invoice lists, with the payments in those rows."""

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date, timedelta

from app.domain.fields import INVOICE
from app.domain.sentences import amount_text, counted
from app.store.ledger.snapshot import compared
from app.workbook.meaning.results.questions import Questions
from app.workbook.meaning.results.records import CellProblem, Checked, Key, Question, Record, Value
from app.workbook.meaning.rows.cell_reading import CellReading, RowProblemError
from app.workbook.meaning.rows.customer_rows import CustomerRows
from app.workbook.meaning.rows.repeated_rows import RepeatedRows
from app.workbook.meaning.rows.tabs import Tab
from app.workbook.meaning.tables.row_sorting import filled
from app.workbook.meaning.vocabulary import currencies
from app.workbook.meaning.vocabulary.headings import ListKind
from app.workbook.meaning.vocabulary.statuses import StatedStatus, read_status
from app.workbook.reading.cells import Row, cell_name, column_letter

_UNDATED = Question("undated", "undated", "", "", ("issued", "due"))
_TERMS = Question("terms", "terms", "", "", ("0", "14", "30", "60"))
_CLOSED = {StatedStatus.VOID, StatedStatus.WRITTEN_OFF, StatedStatus.DRAFT}


@dataclass(frozen=True, slots=True)
class StatedPayment:
    """What an invoice's own row holds about its payments, if a table lists them too."""

    tab: Tab
    row: Row
    paid: int | None
    status: StatedStatus
    paid_on: date | None

    @property
    def cell(self) -> str:
        return self.tab.place(self.row, "paid_cents", "balance_cents", "status", "paid_on")


class InvoiceRows:
    def __init__(
        self,
        reading: CellReading,
        checked: Checked,
        questions: Questions,
        customers: CustomerRows,
        *,
        has_payments_tab: bool,
    ) -> None:
        self._reading = reading
        self._checked = checked
        self._questions = questions
        self._customers = customers
        self._has_payments_tab = has_payments_tab
        self._without_terms: list[tuple[Tab, str]] = []
        self._undated: list[tuple[Tab, str]] = []
        self._repeated = RepeatedRows(reading, checked, questions)
        self.by_key: dict[Key, Record] = {}
        self.customers_by_number: dict[str, list[str]] = defaultdict(list)
        self.stated_payments: dict[Key, StatedPayment] = {}

    def check(self, tab: Tab, row: Row) -> None:
        """Raise RowProblemError for a row that cannot become an invoice."""
        number = self._reading.identifier(tab, row, "number")
        if not number:
            raise self._reading.problem(tab, row, "number", "has no invoice number")
        customer, new_customer = self._customers.named_in(tab, row)
        issued_on = self._reading.day(tab, row, "issued_on")
        if issued_on is None:
            raise self._without_day(tab, row)
        status = self._status_of(tab, row)
        total, paid, currency = self._amounts(tab, row, status)
        settled_on = self._settled_on(tab, row, total, paid, status)
        due_on = self._due_on(tab, row, issued_on, customer, settled_on)
        values: dict[str, Value] = {
            "number": number,
            "issued_on": issued_on,
            "due_on": due_on,
            "currency": currency,
            "total_cents": total,
            "ledger": tab.name,
        }
        values |= self._reading.texts(tab, row, ("ledger",))
        values["ledger"] = values["ledger"] or tab.name
        values |= self._reading.plain(tab, row, INVOICE)
        values |= self._reading.own_fields(tab, row)
        values |= self._status_values(tab, row, status)
        record = Record(ListKind.INVOICE, tab.name, row.number, (compared(number), customer), values)
        payment = self._carried_payment(tab, row, record, paid, status)
        if not self._repeated.is_repeated(tab, row, record, payment):
            self.by_key[record.key] = record
            self._add(record, payment, new_customer)

    def ask_what_is_missing(self) -> None:
        if self._without_terms:
            tab, cell = self._without_terms[0]
            has = counted(len(self._without_terms), "invoice has", "invoices have")
            text = (
                f"{has} neither a due date nor terms (the first at {tab.name}!{cell}): after how many days is it due?"
            )
            self._questions.ask(replace(_TERMS, tab=tab.name, text=text, shape=tab.shape("terms")))
        if self._undated:
            tab, cell = self._undated[0]
            says = counted(len(self._undated), "invoice says", "invoices say")
            text = (
                f"{says} what was paid but not when (the first at {tab.name}!{cell}): on which day should the payment "
                "count?"
            )
            self._questions.ask(replace(_UNDATED, tab=tab.name, text=text, shape=tab.shape("undated")))
        self._repeated.ask()

    def _add(self, record: Record, payment: Record | None, new_customer: Record | None) -> None:
        # A new customer is added only if the whole row is valid.
        if new_customer:
            self._customers.add(new_customer)
        self.customers_by_number[record.key[0]].append(record.key[1])
        self._checked.invoices.append(record)
        if payment:
            self._checked.payments.append(payment)

    def _without_day(self, tab: Tab, row: Row) -> RowProblemError:
        """Record the missing invoice date: at the row's cell, or once per table if it has no such column."""
        if tab.has("issued_on"):
            return self._reading.problem(tab, row, "issued_on", "has no invoice date")
        if not tab.is_without_days:
            tab.is_without_days = True
            unread = ", ".join(f"{column_letter(index)} '{text}'" for index, text in tab.header.ignored)
            message = f"No column of tab '{tab.name}' is read as the invoice date"
            message += f"; not read: {unread}" if unread else ""
            cell = cell_name(0, tab.header.row)
            sentence = f"{cell}: {message}. Say which column it is."
            self._checked.problems.append(CellProblem(tab.name, cell, sentence, row.number))
        return RowProblemError()

    # --- amounts

    def _amounts(self, tab: Tab, row: Row, status: StatedStatus) -> tuple[int, int | None, str]:
        """Return the total, the paid amount (None: not stated), both in cents, and the currency."""
        total, total_sign = self._total(tab, row)
        paid, paid_sign = self._reading.amount(tab, row, "paid_cents")
        balance, balance_sign = self._reading.amount(tab, row, "balance_cents")
        has_total = tab.has("total_cents") or tab.has("net_cents")
        amount_field = next((name for name in ("total_cents", "net_cents") if tab.has(name)), "balance_cents")
        if total is None:
            if has_total or balance is None:
                raise self._reading.problem(tab, row, amount_field, "has no amount")
            total = balance + (paid or 0)
        currency = self._reading.currency(tab, row, total_sign or balance_sign or paid_sign, amount_field)
        currency = currency or tab.default_currency or self._reading.own_currency
        self._check_currencies(tab, row, currency, {"paid_cents": paid_sign, "balance_cents": balance_sign})
        if tab.documents.get(row.number) == "credit_note":
            total, paid, balance = -total, paid and -paid, balance and -balance
        if has_total and balance is not None:
            paid = self._paid_by_balance(tab, row, status, total, paid, balance)
        return total, paid, currency

    def _total(self, tab: Tab, row: Row) -> tuple[int | None, str | None]:
        """Return the total with tax that must be added and less a discount that must be taken off."""
        name = "total_cents" if tab.has("total_cents") else "net_cents"
        total, sign = self._reading.amount(tab, row, name)
        if total is None:
            return None, sign
        tax, _ = self._reading.amount(tab, row, "tax_cents")
        discount, _ = self._reading.amount(tab, row, "discount_cents")
        return total + (tax or 0) - abs(discount or 0), sign

    def _check_currencies(self, tab: Tab, row: Row, currency: str, signs: dict[str, str | None]) -> None:
        """Raise a problem if the paid amount is in another currency than the total: they cannot be subtracted."""
        for name, sign in signs.items():
            named = sign or currencies.of_heading(tab.heading(name))
            if named and filled([tab.cell(row, name)]) and not currencies.may_be(named, currency):
                other = currencies.for_sign(named, self._reading.own_currency) or named
                raise self._reading.problem(
                    tab, row, name, f"is in {other}, but the invoice is in {currency}: enter what it is in {currency}"
                )

    def _paid_by_balance(
        self, tab: Tab, row: Row, status: StatedStatus, total: int, paid: int | None, balance: int
    ) -> int | None:
        if status in _CLOSED:
            return paid
        if paid is not None and total - paid != balance:
            raise self._reading.problem(
                tab,
                row,
                "balance_cents",
                f"says {amount_text(balance)} is open, but {amount_text(total)} less {amount_text(paid)} paid is "
                f"{amount_text(total - paid)}: correct the one that is wrong",
            )
        if abs(balance) > abs(total) and (balance < 0) == (total < 0 or balance < 0 < total):
            if balance < 0 < total:
                return total - balance  # overpaid: the rest is credit
            raise self._reading.problem(
                tab,
                row,
                "balance_cents",
                f"says {amount_text(balance)} is open of {amount_text(total)}: correct the one that is wrong",
            )
        return total - balance

    # --- days

    def _settled_on(self, tab: Tab, row: Row, total: int, paid: int | None, status: StatedStatus) -> date | None:
        """Return the date on which the whole invoice was paid according to its row, or None."""
        paid_on = self._reading.day(tab, row, "paid_on")
        is_whole = paid == total or (paid is None and status in {StatedStatus.PAID, StatedStatus.NOTHING})
        return paid_on if is_whole and not self._has_payments_tab else None

    def _due_on(self, tab: Tab, row: Row, issued_on: date, customer: str, settled_on: date | None) -> date:
        due_on = self._reading.day(tab, row, "due_on")
        if due_on is not None:
            if due_on < issued_on:
                tab.due_before_issued.append(tab.place(row, "due_on"))
            return due_on
        terms = self._reading.days(tab, row, "terms_days")
        if terms is None:
            terms = self._customers.terms_of(customer)
        if terms is None and settled_on is not None:
            # The due date only affects the days late of this invoice; using the payment date means it was not late.
            tab.settled_without_due_date.append(tab.place(row, "paid_on"))
            return max(settled_on, issued_on)
        if terms is None:
            answer = self._questions.known(replace(_TERMS, shape=tab.shape("terms")))
            terms = int(answer) if answer else None
            self._without_terms.append((tab, tab.place(row, "due_on", "issued_on")))
        if terms is None:
            raise RowProblemError
        return issued_on + timedelta(days=terms)

    # --- the status

    def _status_of(self, tab: Tab, row: Row) -> StatedStatus:
        text = self._reading.text(tab, row, "status")
        status = read_status(text)
        if status is not None:
            return status
        if not self._has_payments_tab and not any(map(tab.has, ("paid_cents", "balance_cents", "paid_on"))):
            raise self._reading.problem(
                tab,
                row,
                "status",
                f"says '{text[:40]}', and nothing else tells whether the invoice is paid: write Paid, Open or Void",
            )
        tab.unknown_statuses.setdefault(text, []).append(tab.place(row, "status"))
        return StatedStatus.NOTHING

    def _status_values(self, tab: Tab, row: Row, status: StatedStatus) -> dict[str, Value]:
        values: dict[str, Value] = {}
        if tab.has("status"):
            values["state"] = status.value if status in _CLOSED else ""
            if status in _CLOSED:
                if since := self._reading.day(tab, row, "status_on"):
                    values["state_on"] = since
                if tab.has("status_reason"):
                    values["state_reason"] = self._reading.text(tab, row, "status_reason")
        if tab.has("disputed"):
            values["disputed"] = self._reading.yes_or_no(tab, row, "disputed")
        if status is StatedStatus.DISPUTED:
            values["disputed"] = True
        return values

    # --- the payment in the row

    def _carried_payment(
        self, tab: Tab, row: Row, invoice: Record, paid: int | None, status: StatedStatus
    ) -> Record | None:
        """Return the payment in the invoice's own row, by an amount, a status, or a date alone."""
        paid_on = self._reading.day(tab, row, "paid_on")
        paid = self._paid(tab, row, invoice, paid, status, paid_on)
        if self._has_payments_tab:
            self.stated_payments[invoice.key] = StatedPayment(tab, row, paid, status, paid_on)
            return None
        if not paid:
            return None
        if paid_on is None:
            paid_on = self._day_of_undated(tab, row, invoice)
        values: dict[str, Value] = {"paid_on": paid_on, "amount_cents": paid}
        if tab.has("payment_method"):
            values["method"] = self._reading.text(tab, row, "payment_method")
        return Record(ListKind.PAYMENT, tab.name, row.number, invoice.key, values, cumulative=True)

    def _paid(
        self, tab: Tab, row: Row, invoice: Record, paid: int | None, status: StatedStatus, paid_on: date | None
    ) -> int | None:
        total = invoice.cents("total_cents")
        if paid is None and (
            status is StatedStatus.PAID or (paid_on and status in {StatedStatus.NOTHING, StatedStatus.DISPUTED})
        ):
            return total
        if self._has_payments_tab:
            return paid
        if status in {StatedStatus.UNPAID, StatedStatus.PARTIAL} and paid is not None and 0 < total <= paid:
            raise self._reading.problem(
                tab,
                row,
                "status",
                f"says the invoice is not paid, but all of {amount_text(total)} is: correct what is wrong",
            )
        if paid is None and status is StatedStatus.PARTIAL:
            raise self._reading.problem(
                tab, row, "status", "says the invoice is paid in part, but no cell says how much"
            )
        if paid is None and status is StatedStatus.UNPAID and paid_on:
            raise self._reading.problem(
                tab,
                row,
                "status",
                f"says the invoice is not paid, but {tab.place(row, 'paid_on')} has a day of payment",
            )
        if status is StatedStatus.PAID and paid is not None and abs(paid) < abs(total):
            raise self._reading.problem(
                tab, row, "status", f"says the invoice is paid, but {amount_text(total - paid)} of it is still open"
            )
        return paid

    def _day_of_undated(self, tab: Tab, row: Row, invoice: Record) -> date:
        answer = self._questions.known(replace(_UNDATED, shape=tab.shape("undated")))
        self._undated.append((tab, tab.place(row, "paid_on", "paid_cents", "status", "balance_cents")))
        if answer is None:
            raise RowProblemError
        day = invoice.values["issued_on" if answer == "issued" else "due_on"]
        assert isinstance(day, date)  # both were read as dates above
        return day
