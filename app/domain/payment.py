"""Payments of an invoice, and which of them count on a day."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from app.domain.as_of import AsOf

MOVED_CREDIT = "Moved credit"  # the method of what moves credit: so lists and workbooks say it


@dataclass(frozen=True, slots=True)
class Payment:
    """A refund has a negative amount. Never edited: to correct a payment, void it and record another.

    What moves credit from one invoice to another is no money: neither a payment nor a refund, though it has an amount
    on each of the two. Payments of several invoices that were recorded as one share a `batch_key`.
    """

    id: int
    invoice_id: int
    paid_on: date
    amount_cents: int
    method: str
    reference: str
    note: str
    voided_at: datetime | None
    void_reason: str
    moves_credit: bool = False
    batch_key: str | None = None


def counts(payment: Payment, as_of: AsOf) -> bool:
    """Return whether the payment had been made, and not yet voided, at the end of the day."""
    return payment.paid_on <= as_of.day and not as_of.has_seen(payment.voided_at)


def paid_cents(payments: Iterable[Payment], as_of: AsOf) -> int:
    return sum(payment.amount_cents for payment in payments if counts(payment, as_of))
