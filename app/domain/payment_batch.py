"""Payment batches: one receipt of money, allocated to one invoice or to several."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from app.domain.invoice import Invoice, LifecycleState, lifecycle_state


@dataclass(frozen=True, slots=True)
class PaymentBatch:
    """Payments to record together: `amounts` is cents by invoice id, all negative for a refund.

    `key` is the idempotency key of the form: a batch that is sent twice is recorded once.
    """

    key: str
    paid_on: date
    amounts: Mapping[int, int]
    method: str = ""
    reference: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class BatchRefusal:
    """`most_cents` is the largest amount allowed, where the amount is the reason."""

    sentence: str
    invoice_id: int | None = None
    most_cents: int | None = None


def spread(cents: int, balances: Mapping[int, int]) -> dict[int, int]:
    """Fill each invoice up to its balance, in the given order; a remainder is not allocated."""
    placed: dict[int, int] = {}
    left = cents
    for invoice_id, balance in balances.items():
        if left <= 0:
            break
        placed[invoice_id] = min(left, balance)
        left -= placed[invoice_id]
    return placed


def why_not(batch: PaymentBatch, invoices: Mapping[int, tuple[Invoice, int]], today: date) -> BatchRefusal | None:
    """Return None if the batch can be recorded; `invoices` has each invoice with the cents paid for it."""
    if batch.paid_on > today:
        return BatchRefusal("The day lies in the future: record money when it has come in.")
    if len({invoice.currency for invoice, _ in invoices.values()}) > 1:
        return BatchRefusal("One payment is in one currency: these invoices are in several.")
    refusals = (_why_not_on(*invoices[invoice_id], cents) for invoice_id, cents in batch.amounts.items())
    return next(filter(None, refusals), None)


def why_not_move(batch: PaymentBatch, invoices: Mapping[int, tuple[Invoice, int]], today: date) -> BatchRefusal | None:
    """Return None if the batch can move credit between invoices of one customer.

    The amounts must add up to zero: no more is taken from an invoice than its credit, and none is given more than its
    balance.
    """
    refusal = why_not(batch, invoices, today)
    if refusal:
        return refusal
    if sum(batch.amounts.values()) != 0:
        return BatchRefusal("What is taken from one invoice must be what is placed on the others.")
    if len({invoice.customer_id for invoice, _ in invoices.values()}) > 1:
        return BatchRefusal("Credit can only be used for invoices of the same customer.")
    for invoice_id, cents in batch.amounts.items():
        invoice, paid_cents = invoices[invoice_id]
        left = invoice.total_cents - paid_cents
        if cents < 0 and -cents > -left:
            return BatchRefusal(f"Invoice {invoice.number} has less credit than that.", invoice_id, max(0, -left))
        if cents > 0 and cents > left:
            return BatchRefusal(f"Less than that is open on invoice {invoice.number}.", invoice_id, max(0, left))
    return None


def overpaid(batch: PaymentBatch, invoices: Mapping[int, tuple[Invoice, int]]) -> dict[int, int]:
    """Return the cents by which the batch would overpay invoices, by invoice id."""
    more = {
        invoice_id: cents - max(0, invoices[invoice_id][0].total_cents - invoices[invoice_id][1])
        for invoice_id, cents in batch.amounts.items()
    }
    return {invoice_id: cents for invoice_id, cents in more.items() if cents > 0}


def _why_not_on(invoice: Invoice, paid_cents: int, cents: int) -> BatchRefusal | None:
    state = lifecycle_state(invoice)
    if state is not LifecycleState.ISSUED:
        return BatchRefusal(f"Invoice {invoice.number} is {_IN_WORDS[state]}: reinstate it first.", invoice.id)
    if cents == 0:
        return BatchRefusal(f"Nothing was placed on invoice {invoice.number}.", invoice.id)
    if cents < 0 and -cents > paid_cents:
        sentence = f"No more can be refunded than was paid for invoice {invoice.number}."
        return BatchRefusal(sentence, invoice.id, max(0, paid_cents))
    return None


_IN_WORDS = {LifecycleState.DRAFT: "a draft", LifecycleState.VOID: "void", LifecycleState.WRITTEN_OFF: "written off"}
