"""Which changes to an invoice are allowed, and why others are not."""

from collections.abc import Iterable
from enum import StrEnum

from app.domain.invoice import Invoice, InvoiceFacts, LifecycleState, lifecycle_state
from app.domain.invoice_entry import InvoiceRefusal
from app.domain.sentences import amount_text


class StatusChange(StrEnum):
    VOID = "void"
    WRITE_OFF = "write off"
    REINSTATE = "reinstate"
    DISPUTE = "dispute"
    SETTLE_DISPUTE = "settle dispute"


def possible_changes(invoice: Invoice, paid_cents: int) -> Iterable[StatusChange]:
    return (change for change in StatusChange if not why_not(change, invoice, paid_cents))


def why_not(change: StatusChange, invoice: Invoice, paid_cents: int) -> str:
    """Return "" if the change is allowed."""
    state = lifecycle_state(invoice)
    if change is StatusChange.REINSTATE:
        return (
            "" if state in {LifecycleState.VOID, LifecycleState.WRITTEN_OFF} else "It is neither void nor written off."
        )
    if state in {LifecycleState.VOID, LifecycleState.WRITTEN_OFF}:
        return f"It is {state} already."
    if change is StatusChange.VOID and paid_cents != 0:
        return f"Payments of {amount_text(paid_cents)} {invoice.currency} count for it: void or refund them first."
    if change is StatusChange.WRITE_OFF and (state is LifecycleState.DRAFT or paid_cents >= invoice.total_cents):
        return "Nothing is owed on it that could be written off."
    if change is StatusChange.DISPUTE and invoice.disputed:
        return "It is disputed already."
    if change is StatusChange.SETTLE_DISPUTE and not invoice.disputed:
        return "It is not disputed."
    return ""


def why_not_edit(
    invoice: Invoice, facts: InvoiceFacts, paid_cents: int, *, has_payments: bool
) -> InvoiceRefusal | None:
    """Return None if the invoice can be edited to these values: recorded payments must keep counting."""
    if has_payments and facts.currency != invoice.currency:
        sentence = f"Payments in {invoice.currency} were recorded for it: void them before its currency is changed."
        return InvoiceRefusal(sentence, "currency")
    if facts.draft and not invoice.draft and paid_cents != 0:
        sentence = f"Payments of {amount_text(paid_cents)} {invoice.currency} count for it, and a draft counts nowhere."
        return InvoiceRefusal(sentence, "draft")
    return None
