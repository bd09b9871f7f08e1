"""The rows of a list of invoices, with the payments that they carry themselves."""

from collections import defaultdict
from datetime import date, timedelta

from app.domain.fields import INVOICE
from app.domain.money import display
from app.store.snapshot import compared
from app.workbook.meaning.cell_reading import CellReading, RowProblemError
from app.workbook.meaning.columns import Answers
from app.workbook.meaning.customer_rows import CustomerRows
from app.workbook.meaning.headers import Kind
from app.workbook.meaning.records import Checked, Key, Notice, Question, Record, Value
from app.workbook.meaning.statuses import Said, read_status
from app.workbook.meaning.tabs import Tab
from app.workbook.reading.cells import Row

UNDATED_CHOICES = ("issued", "due")
TERMS_CHOICES = ("0", "14", "30", "60")
_CLOSED = {Said.VOID, Said.WRITTEN_OFF, Said.DRAFT}


class InvoiceRows:
    """The invoices of a workbook, found by number."""

    def __init__(
        self,
        reading: CellReading,
        checked: Checked,
        answers: Answers,
        customers: CustomerRows,
        *,
        has_payments_tab: bool,
    ) -> None:
        self._reading = reading
        self._checked = checked
        self._answers = answers
        self._customers = customers
        self._has_payments_tab = has_payments_tab
        self._carried: dict[Key, Record | None] = {}
        self._without_terms: list[tuple[str, str]] = []
        self._undated: list[tuple[str, str]] = []
        self.by_key: dict[Key, Record] = {}
        self.customers_by_number: dict[str, list[str]] = defaultdict(list)
        self.said_paid: dict[Key, tuple[str, str, int]] = {}

    def check(self, tab: Tab, row: Row) -> None:
        """Read a row of a list of invoices."""
        number = self._reading.identifier(tab, row, "number")
        if not number:
            raise self._reading.problem(tab, row, "number", "has no invoice number")
        customer, new_customer = self._customers.named_in(tab, row)
        issued_on = self._reading.day(tab, row, "issued_on")
        if issued_on is None:
            raise self._reading.problem(tab, row, "issued_on", "has no invoice date")
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
        values |= self._reading.texts(tab, row, ("ledger",))
        values["ledger"] = values["ledger"] or tab.name
        values |= self._reading.plain(tab, row, INVOICE)
        values |= self._reading.own_fields(tab, row)
        values |= self._said_values(tab, row, said)
        record = Record(Kind.INVOICE, tab.name, row.number, (compared(number), customer), values)
        payment = self._carried_payment(tab, row, record, paid, said)
        if not self._is_repeated(tab, row, record, payment):
            self._add(record, payment, new_customer)

    def ask_what_is_missing(self) -> None:
        """Ask for terms and days of payment where rows have none."""
        if self._without_terms:
            tab, cell = self._without_terms[0]
            has = _invoices(len(self._without_terms), "has", "have")
            text = f"{has} neither a due date nor terms (the first at {tab}!{cell}): after how many days is it due?"
            self._checked.questions.append(Question("terms", "terms", tab, text, TERMS_CHOICES))
        if self._undated:
            tab, cell = self._undated[0]
            says = _invoices(len(self._undated), "says", "say")
            text = (
                f"{says} what was paid but not when (the first at {tab}!{cell}): on which day should the payment count?"
            )
            self._checked.questions.append(Question("undated", "undated", tab, text, UNDATED_CHOICES))

    def _add(self, record: Record, payment: Record | None, new_customer: Record | None) -> None:
        # Only a row that is good to its last cell brings its customer in.
        if new_customer:
            self._customers.add(new_customer)
        self.customers_by_number[record.key[0]].append(record.key[1])
        self._checked.invoices.append(record)
        if payment:
            self._checked.payments.append(payment)

    # --- amounts

    def _amounts(self, tab: Tab, row: Row, said: Said) -> tuple[int, int | None, str]:
        """Return total, what the row says was paid (None: nothing is said) in cents, and the currency."""
        total, total_sign = self._reading.amount(tab, row, "total_cents")
        paid, paid_sign = self._reading.amount(tab, row, "paid_cents")
        balance, balance_sign = self._reading.amount(tab, row, "balance_cents")
        amount_field = "total_cents" if tab.has("total_cents") else "balance_cents"
        if total is None:
            if tab.has("total_cents") or balance is None:
                raise self._reading.problem(tab, row, amount_field, "has no amount")
            total = balance + (paid or 0)
        elif balance is not None:
            paid = self._paid_by_balance(tab, row, said, total, paid, balance)
        currency = self._reading.currency(tab, row, total_sign or balance_sign or paid_sign, amount_field)
        return total, paid, currency or self._reading.own_currency

    def _paid_by_balance(
        self, tab: Tab, row: Row, said: Said, total: int, paid: int | None, balance: int
    ) -> int | None:
        if said in _CLOSED:
            return paid
        if paid is not None and total - paid != balance:
            raise self._reading.problem(
                tab,
                row,
                "balance_cents",
                f"says {display(balance)} is open, but {display(total)} less {display(paid)} paid is "
                f"{display(total - paid)}: mend the one that is wrong",
            )
        return total - balance

    # --- days

    def _due_on(self, tab: Tab, row: Row, issued_on: date, customer: str) -> date:
        due_on = self._reading.day(tab, row, "due_on")
        if due_on is not None:
            if due_on < issued_on:
                tab.due_before_issued.append(tab.place(row, "due_on"))
            return due_on
        terms = self._reading.days(tab, row, "terms_days")
        if terms is None:
            terms = self._customers.terms_of(customer)
        if terms is None:
            answer = self._answers.to("terms", "terms")
            terms = int(answer) if answer and answer.isdecimal() and len(answer) <= 3 else None
        if terms is None:
            self._without_terms.append((tab.name, tab.place(row, "due_on", "issued_on")))
            raise RowProblemError
        return issued_on + timedelta(days=terms)

    # --- what the status says

    def _said(self, tab: Tab, row: Row) -> Said:
        text = self._reading.text(tab, row, "status")
        said = read_status(text)
        if said is not None:
            return said
        if not self._has_payments_tab and not any(map(tab.has, ("paid_cents", "balance_cents", "paid_on"))):
            raise self._reading.problem(
                tab,
                row,
                "status",
                f"says '{text[:40]}', and nothing else tells whether the invoice is paid: write Paid, Open or Void",
            )
        tab.unknown_statuses.setdefault(text, []).append(tab.place(row, "status"))
        return Said.NOTHING

    def _said_values(self, tab: Tab, row: Row, said: Said) -> dict[str, Value]:
        values: dict[str, Value] = {}
        if tab.has("status"):
            values["state"] = said.value if said in _CLOSED else ""
            if said in _CLOSED:
                if since := self._reading.day(tab, row, "status_on"):
                    values["state_on"] = since
                if tab.has("status_reason"):
                    values["state_reason"] = self._reading.text(tab, row, "status_reason")
        if tab.has("disputed"):
            values["disputed"] = self._reading.yes_or_no(tab, row, "disputed")
        if said is Said.DISPUTED:
            values["disputed"] = True
        return values

    # --- what the row says was paid

    def _carried_payment(self, tab: Tab, row: Row, invoice: Record, paid: int | None, said: Said) -> Record | None:
        """Return the payment that the invoice's own row tells of: by an amount, a status, or the day alone."""
        paid_on = self._reading.day(tab, row, "paid_on")
        paid = self._paid(tab, row, invoice, paid, said, paid_on)
        if self._has_payments_tab:
            if paid is not None:
                place = tab.place(row, "paid_cents", "balance_cents", "status", "paid_on")
                self.said_paid[invoice.key] = tab.name, place, paid
            return None
        if not paid:
            return None
        if paid_on is None:
            paid_on = self._day_of_undated(tab, row, invoice)
        values: dict[str, Value] = {"paid_on": paid_on, "amount_cents": paid}
        if tab.has("payment_method"):
            values["method"] = self._reading.text(tab, row, "payment_method")
        return Record(Kind.PAYMENT, tab.name, row.number, invoice.key, values, cumulative=True)

    def _paid(
        self, tab: Tab, row: Row, invoice: Record, paid: int | None, said: Said, paid_on: date | None
    ) -> int | None:
        total = int(invoice.values["total_cents"])  # type: ignore[arg-type]  # an invoice's total is a number
        if paid is None and (said is Said.PAID or (paid_on and said in {Said.NOTHING, Said.DISPUTED})):
            return total
        if self._has_payments_tab:
            return paid
        if paid is None and said is Said.PARTIAL:
            raise self._reading.problem(
                tab, row, "status", "says the invoice is paid in part, but no cell says how much"
            )
        if paid is None and said is Said.UNPAID and paid_on:
            raise self._reading.problem(
                tab,
                row,
                "status",
                f"says the invoice is not paid, but {tab.place(row, 'paid_on')} has a day of payment",
            )
        if said is Said.PAID and paid is not None and abs(paid) < abs(total):
            raise self._reading.problem(
                tab, row, "status", f"says the invoice is paid, but {display(total - paid)} of it is still open"
            )
        return paid

    def _day_of_undated(self, tab: Tab, row: Row, invoice: Record) -> date:
        answer = self._answers.to("undated", "undated")
        if answer not in UNDATED_CHOICES:
            place = tab.place(row, "paid_on", "paid_cents", "status", "balance_cents")
            self._undated.append((tab.name, place))
            raise RowProblemError
        day = invoice.values["issued_on" if answer == "issued" else "due_on"]
        assert isinstance(day, date)  # noqa: S101  # both were read as days above
        return day

    # --- the same invoice twice

    def _is_repeated(self, tab: Tab, row: Row, record: Record, payment: Record | None) -> bool:
        """Tell whether the very same invoice stood in an earlier row; another one of that number is a problem."""
        earlier = self.by_key.setdefault(record.key, record)
        if earlier is record:
            self._carried[record.key] = payment
            return False
        shared = (earlier.values.keys() & record.values.keys()) - {"ledger", "own_fields"}
        is_same = all(earlier.values[name] == record.values[name] for name in shared)
        place = f"{earlier.tab}, row {earlier.row}"
        if not is_same or not _says_the_same(payment, self._carried[record.key]):
            raise self._reading.problem(
                tab,
                row,
                "number",
                f"repeats invoice '{record.values['number']}' of {place} with other values: keep one",
            )
        self._checked.duplicate_rows += 1
        self._checked.notices.append(Notice(tab.name, f"Row {row.number} says the same as {place}, and was read once."))
        return True


def _says_the_same(payment: Record | None, earlier: Record | None) -> bool:
    return (payment and payment.values) == (earlier and earlier.values)


def _invoices(count: int, singular: str, plural: str) -> str:
    return f"{count:,} invoice {singular}" if count == 1 else f"{count:,} invoices {plural}"
