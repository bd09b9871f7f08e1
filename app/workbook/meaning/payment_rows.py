"""The rows of a list of payments."""

from app.domain.money import display
from app.store.snapshot import Snapshot, compared
from app.workbook.meaning.cell_reading import CellReading
from app.workbook.meaning.customer_rows import CustomerRows
from app.workbook.meaning.headers import Kind
from app.workbook.meaning.invoice_rows import InvoiceRows
from app.workbook.meaning.records import Checked, Key, Notice, Record, Value
from app.workbook.meaning.tabs import Tab
from app.workbook.reading.cells import Row

_PLACES_SHOWN = 5


class PaymentRows:
    """The payments that a workbook lists, each for one of its invoices or of those that are stored."""

    def __init__(
        self, reading: CellReading, checked: Checked, stored: Snapshot, customers: CustomerRows, invoices: InvoiceRows
    ) -> None:
        self._reading = reading
        self._checked = checked
        self._stored = stored
        self._customers = customers
        self._invoices = invoices

    def check(self, tab: Tab, row: Row) -> None:
        """Read a row of a list of payments."""
        number = self._reading.identifier(tab, row, "invoice_number")
        if not number:
            raise self._reading.problem(tab, row, "invoice_number", "names no invoice")
        key = self._invoice_of(tab, row, number)
        paid_on = self._reading.day(tab, row, "paid_on")
        if paid_on is None:
            raise self._reading.problem(tab, row, "paid_on", "has no date of payment")
        cents, sign = self._reading.amount(tab, row, "amount_cents")
        if cents is None:
            raise self._reading.problem(tab, row, "amount_cents", "has no amount")
        self._check_currency(tab, row, key, sign)
        values: dict[str, Value] = {"paid_on": paid_on, "amount_cents": cents}
        values |= self._reading.texts(tab, row, ("method", "reference"))
        values |= self._reading.paragraphs(tab, row, ("note",))
        self._checked.payments.append(Record(Kind.PAYMENT, tab.name, row.number, key, values))

    def hold_against_invoices(self) -> None:
        """Tell where an invoice's own row says another amount paid than the listed payments come to."""
        listed: dict[Key, int] = dict.fromkeys(self._invoices.said_paid, 0)
        for payment in self._checked.payments:
            if payment.key in listed:
                listed[payment.key] += int(payment.values["amount_cents"])  # type: ignore[arg-type]  # cents
        differing = [
            (tab, f"{cell} says {display(said)}, listed are {display(listed[key])}")
            for key, (tab, cell, said) in self._invoices.said_paid.items()
            if said != listed[key] and not self._invoices.by_key[key].values.get("state")
        ]
        for name in dict.fromkeys(tab for tab, _ in differing):
            lines = [line for tab, line in differing if tab == name]
            more = f"; and {len(lines) - _PLACES_SHOWN:,} more" if len(lines) > _PLACES_SHOWN else ""
            rows_say = "1 row says" if len(lines) == 1 else f"{len(lines):,} rows say"
            shown = "; ".join(lines[:_PLACES_SHOWN])
            text = f"{rows_say} another amount paid than the list of payments, which was taken: {shown}{more}."
            self._checked.notices.append(Notice(name, text))

    def _invoice_of(self, tab: Tab, row: Row, number: str) -> tuple[str, str]:
        """Return the key of the invoice that a payment's row names."""
        wanted = compared(number)
        owners = self._invoices.customers_by_number.get(wanted) or self._stored.customers_by_number.get(wanted, [])
        named = self._customers.named_by_payment(tab, row)
        if named and owners:
            owners = [owner for owner in owners if owner in named]
            if not owners:
                raise self._reading.problem(
                    tab, row, "invoice_number", f"names invoice '{number}', which is another customer's"
                )
        if len(owners) > 1:
            raise self._reading.problem(
                tab,
                row,
                "invoice_number",
                f"names invoice '{number}', which several customers have: add a customer column",
            )
        if owners:
            return wanted, owners[0]
        if (Kind.INVOICE, wanted) in self._checked.broken:
            raise self._reading.problem(
                tab, row, "invoice_number", f"pays invoice '{number}', whose own row has a problem"
            )
        raise self._reading.problem(
            tab, row, "invoice_number", f"names invoice '{number}', which is neither in the workbook nor stored"
        )

    def _check_currency(self, tab: Tab, row: Row, key: Key, sign: str | None) -> None:
        listed = self._invoices.by_key.get(key)
        stored = self._stored.invoices.get((key[0], key[1]))
        expected = listed.values["currency"] if listed else (stored.currency if stored else None)
        currency = self._reading.currency(tab, row, sign, "amount_cents")
        if currency and currency != expected:
            raise self._reading.problem(tab, row, "amount_cents", f"is in {currency}, but the invoice is in {expected}")
