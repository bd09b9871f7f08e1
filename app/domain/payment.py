"""Payments of an invoice, and which of them count on a day."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from app.domain.as_of import AsOf


@dataclass(frozen=True, slots=True)
class Payment:
    """A refund has a negative amount. Never edited: to correct a payment, void it and record another."""

    id: int
    invoice_id: int
    paid_on: date
    amount_cents: int
    method: str
    reference: str
    note: str
    voided_at: datetime | None
    void_reason: str


def counts(payment: Payment, as_of: AsOf) -> bool:
    """Return whether the payment had been made, and not yet voided, at the end of the day."""
    return payment.paid_on <= as_of.day and not as_of.has_seen(payment.voided_at)


def paid_cents(payments: Iterable[Payment], as_of: AsOf) -> int:
    return sum(payment.amount_cents for payment in payments if counts(payment, as_of))
