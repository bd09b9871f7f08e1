"""Rows of payment lists."""

import re
from collections.abc import Iterable
from typing import cast

from app.domain.sentences import amount_text
from app.store.ledger.snapshot import Snapshot, compared
from app.workbook.meaning.results.records import Checked, Key, Value
from app.workbook.meaning.rows.customer_rows import CustomerRows
from app.workbook.meaning.rows.document_types import has_refunds_with_a_minus
from app.workbook.meaning.rows.invoice_rows import InvoiceRows
from app.workbook.meaning.rows.table_row import RowProblemError, TableRow
from app.workbook.meaning.vocabulary.headings import ListKind

_SEVERAL = re.compile(r"\s*(?:[,;+&/|]|\band\b|\bund\b|\bet\b|\by\b|\be\b|\ben\b|\boch\b|\bog\b)\s*")


class PaymentRows:
    """Each listed payment belongs to an invoice of the workbook or to a stored one."""

    def __init__(self, checked: Checked, stored: Snapshot, customers: CustomerRows, invoices: InvoiceRows) -> None:
        self._checked = checked
        self._stored = stored
        self._customers = customers
        self._invoices = invoices
        self._for_several: list[tuple[TableRow, list[tuple[str, str]], dict[str, Value]]] = []

    def check(self, row: TableRow) -> None:
        """Raise RowProblemError for a row that cannot become a payment."""
        number = row.identifier("invoice_number")
        if not number:
            raise row.problem("invoice_number", "names no invoice")
        keys = self._invoices_of(row, number)
        paid_on = row.day("paid_on")
        if paid_on is None:
            raise row.problem("paid_on", "has no date of payment")
        cents, sign = row.amount("amount_cents")
        if cents is None:
            raise row.problem("amount_cents", "has no amount")
        for key in keys:
            self._check_currency(row, key, sign)
        values: dict[str, Value] = {"paid_on": paid_on, "amount_cents": self._signed(row, cents)}
        values |= row.texts("method", "reference")
        values |= row.paragraphs("note")
        if len(keys) > 1:
            self._for_several.append((row, keys, values))
            return
        self._checked.payments.append(row.record(ListKind.PAYMENT, keys[0], values))

    def _signed(self, row: TableRow, cents: int) -> int:
        """Negate a refund without a minus unless other refunds of the list have one."""
        if row.document != "refund" or cents <= 0:
            return cents
        if has_refunds_with_a_minus(row.tab):
            raise row.problem(
                "amount_cents", "says that it is a refund and has no minus, while others of the tab have one"
            )
        return -cents

    def _invoices_of(self, row: TableRow, number: str) -> list[tuple[str, str]]:
        parts = [part for part in _SEVERAL.split(number) if part]
        known = [compared(part) in self._invoices.customers_by_number for part in parts]
        if len(parts) > 1 and all(known) and compared(number) not in self._invoices.customers_by_number:
            return [self._invoice_of(row, part) for part in parts]
        return [self._invoice_of(row, number)]

    def settle_together(self, on_account: Iterable[TableRow]) -> None:
        """Allocate payments for several invoices, or for none, once all single payments are known."""
        left = self._left_of_invoices()
        for row, keys, values in self._for_several:
            self._pay_several(row, keys, values, left)
        for row in on_account:
            try:
                self._pay_on_account(row, left)
            except RowProblemError:
                row.give_up()

    def _left_of_invoices(self) -> dict[Key, int]:
        """Return the open cents of each invoice of the workbook, in order of due date."""
        invoices = sorted(self._checked.invoices, key=lambda one: (str(one.values["due_on"]), one.row))
        left = {one.key: one.cents("total_cents") for one in invoices if not one.values.get("state")}
        for payment in self._checked.payments:
            if payment.key in left:
                left[payment.key] -= payment.cents("amount_cents")
        return left

    def _pay_several(
        self, row: TableRow, keys: list[tuple[str, str]], values: dict[str, Value], left: dict[Key, int]
    ) -> None:
        """Split a payment over its invoices if it equals their open amounts together; else record a problem."""
        paid = cast("int", values["amount_cents"])
        together = sum(left.get(key, 0) for key in keys)
        if any(key not in left for key in keys) or together != paid:
            row.problem(
                "invoice_number",
                f"pays several invoices with {amount_text(paid)}, and {amount_text(together)} is left of them: "
                "give each its own row",
            )
            row.give_up()
            return
        for key in keys:
            self._checked.payments.append(row.record(ListKind.PAYMENT, key, {**values, "amount_cents": left[key]}))
            left[key] = 0

    def _pay_on_account(self, row: TableRow, left: dict[Key, int]) -> None:
        """Pay the customer's invoice of the same amount, else the oldest ones, as answered."""
        paid_on = row.day("issued_on") or row.day("paid_on")
        if paid_on is None:
            raise row.problem("issued_on", "has no date of payment")
        name = "total_cents" if row.has("total_cents") else "balance_cents"
        cents, _ = row.amount(name)
        if cents is None:
            raise row.problem(name, "has no amount")
        amount = abs(cents)
        if row.number in row.tab.paid_back_on_account:
            raise row.problem(
                name,
                f"gives {amount_text(amount)} back and names no invoice: enter it in a list of payments, with a minus "
                "and the number of the invoice",
            )
        owners = set(self._customers.named_by_payment(row))
        mine = [key for key, cents_left in left.items() if key[1] in owners and cents_left > 0]
        same = next((key for key in mine if left[key] == amount), None)
        for key in [same] if same else mine:
            part = min(amount, left[key])
            if part:
                self._checked.payments.append(
                    row.record(ListKind.PAYMENT, key, {"paid_on": paid_on, "amount_cents": part})
                )
            left[key] -= part
            amount -= part
        if amount:
            raise row.problem(name, f"pays {amount_text(amount)} more than is left of its customer's invoices")

    def _invoice_of(self, row: TableRow, number: str) -> tuple[str, str]:
        """Raise a problem if the invoice is unknown or ambiguous."""
        wanted = compared(number)
        owners = self._invoices.customers_by_number.get(wanted) or self._stored.customers_by_number.get(wanted, [])
        named = self._customers.named_by_payment(row)
        if named and owners:
            owners = [owner for owner in owners if owner in named]
            if not owners:
                raise row.problem("invoice_number", f"names invoice '{number}', which is another customer's")
        if len(owners) > 1:
            raise row.problem(
                "invoice_number", f"names invoice '{number}', which several customers have: add a customer column"
            )
        if owners:
            return wanted, owners[0]
        if (ListKind.INVOICE, wanted) in self._checked.broken:
            raise row.problem("invoice_number", f"pays invoice '{number}', whose own row has a problem")
        raise row.problem("invoice_number", f"names invoice '{number}', which is neither in the workbook nor stored")

    def _check_currency(self, row: TableRow, key: Key, sign: str | None) -> None:
        listed = self._invoices.by_key.get(key)
        stored = self._stored.invoices.get((key[0], key[1]))
        expected = listed.values["currency"] if listed else (stored.currency if stored else None)
        currency = row.currency(sign, "amount_cents")
        if currency and currency != expected:
            raise row.problem("amount_cents", f"is in {currency}, but the invoice is in {expected}")
