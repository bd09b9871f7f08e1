"""Advance payments: money that came in before anything was owed.

An advance payment is kept as an entry of the customer with a total of zero: what is paid on it is credit at once.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from itertools import count

from app.domain.invoice import InvoiceFacts
from app.domain.payment_batch import PaymentBatch


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvancePayment:
    """`key` is the idempotency key of the form, as of a payment batch."""

    key: str
    customer_id: int
    ledger: str
    currency: str
    cents: int
    paid_on: date
    method: str = ""
    reference: str = ""
    note: str = ""
    source: str = ""

    def entry(self, is_taken: Callable[[str], bool]) -> InvoiceFacts:
        """Return the entry that it is paid on, with a number that is free for the customer."""
        first = f"Advance {self.paid_on.isoformat()}"
        numbers = (first if place == 1 else f"{first} ({place})" for place in count(1))
        return InvoiceFacts(
            number=next(number for number in numbers if not is_taken(number)),
            customer_id=self.customer_id,
            issued_on=self.paid_on,
            due_on=self.paid_on,
            currency=self.currency,
            total_cents=0,
            ledger=self.ledger,
        )

    def payment(self, entry_id: int) -> PaymentBatch:
        amounts = {entry_id: self.cents}
        return PaymentBatch(self.key, self.paid_on, amounts, self.method, self.reference, self.note, source=self.source)
