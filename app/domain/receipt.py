"""Receipts: money that came in once, placed on one invoice or on several."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from app.domain.invoice import Invoice, Standing, standing


@dataclass(frozen=True, slots=True)
class Receipt:
    """What is to be recorded at once: cents by the id of the invoice they are for, all negative for a refund.

    `key` is the form's: sent again, the receipt is recorded once.
    """

    key: str
    paid_on: date
    amounts: Mapping[int, int]
    method: str = ""
    reference: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a receipt cannot be recorded, and how much could be where that is the reason."""

    sentence: str
    invoice_id: int | None = None
    most_cents: int | None = None


def spread(cents: int, balances: Mapping[int, int]) -> dict[int, int]:
    """Place the money on the invoices in their order, each up to its balance; what is left over is placed nowhere."""
    placed: dict[int, int] = {}
    left = cents
    for invoice_id, balance in balances.items():
        if left <= 0:
            break
        placed[invoice_id] = min(left, balance)
        left -= placed[invoice_id]
    return placed


def why_not(receipt: Receipt, invoices: Mapping[int, tuple[Invoice, int]], today: date) -> Refusal | None:
    """Return why the receipt cannot be recorded on its invoices, each given with what is paid for it."""
    if receipt.paid_on > today:
        return Refusal("The day lies in the future: record money when it has come in.")
    if len({invoice.currency for invoice, _ in invoices.values()}) > 1:
        return Refusal("One receipt is in one currency: these invoices are in several.")
    for invoice_id, cents in receipt.amounts.items():
        refusal = _why_not_on(*invoices[invoice_id], cents)
        if refusal:
            return refusal
    return None


def why_not_move(receipt: Receipt, invoices: Mapping[int, tuple[Invoice, int]], today: date) -> Refusal | None:
    """Return why credit cannot be moved so: what is taken must be there, and what is placed be owed."""
    refusal = why_not(receipt, invoices, today)
    if refusal:
        return refusal
    if sum(receipt.amounts.values()) != 0:
        return Refusal("What is taken from one invoice must be what is placed on the others.")
    if len({invoice.customer_id for invoice, _ in invoices.values()}) > 1:
        return Refusal("Credit can only be used for invoices of the same customer.")
    for invoice_id, cents in receipt.amounts.items():
        invoice, paid_cents = invoices[invoice_id]
        left = invoice.total_cents - paid_cents
        if cents < 0 and -cents > -left:
            return Refusal(f"Invoice {invoice.number} has less credit than that.", invoice_id, max(0, -left))
        if cents > 0 and cents > left:
            return Refusal(f"Less than that is open on invoice {invoice.number}.", invoice_id, max(0, left))
    return None


def overpaid(receipt: Receipt, invoices: Mapping[int, tuple[Invoice, int]]) -> dict[int, int]:
    """Return how many cents more than its balance each invoice would get, for those that would get more."""
    more = {
        invoice_id: cents - max(0, invoices[invoice_id][0].total_cents - invoices[invoice_id][1])
        for invoice_id, cents in receipt.amounts.items()
    }
    return {invoice_id: cents for invoice_id, cents in more.items() if cents > 0}


def _why_not_on(invoice: Invoice, paid_cents: int, cents: int) -> Refusal | None:
    state = standing(invoice)
    if state is not Standing.ISSUED:
        return Refusal(f"Invoice {invoice.number} is {_IN_WORDS[state]}: reinstate it first.", invoice.id)
    if cents == 0:
        return Refusal(f"Nothing was placed on invoice {invoice.number}.", invoice.id)
    if cents < 0 and -cents > paid_cents:
        sentence = f"No more can be refunded than was paid for invoice {invoice.number}."
        return Refusal(sentence, invoice.id, max(0, paid_cents))
    return None


_IN_WORDS = {
    Standing.DRAFT: "a draft",
    Standing.VOID: "void",
    Standing.WRITTEN_OFF: "written off",
}
