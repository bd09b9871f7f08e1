"""What is done with many invoices at once: for each, what it would do, or why it is left out."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from app.domain.invoice import Invoice, LifecycleState, lifecycle_state
from app.domain.invoice_changes import StatusChange, why_not


class BulkAction(StrEnum):
    """What can be done with many invoices at once."""

    PAY = "pay"
    DISPUTE = "dispute"
    SETTLE_DISPUTE = "settle dispute"


@dataclass(frozen=True, slots=True)
class Candidate:
    """An invoice that was picked, with what is left to pay on it."""

    invoice: Invoice
    balance_cents: int

    @property
    def seen(self) -> str:
        """Return the state in which it was shown: what is done is done to that, or not at all."""
        return f"{self.invoice.version}.{self.balance_cents}"


def why_left_out(action: BulkAction, candidate: Candidate) -> str:
    """Return why an invoice is left out, nothing if it is not."""
    invoice, balance = candidate.invoice, candidate.balance_cents
    if action is not BulkAction.PAY:
        return why_not(StatusChange(action.value), invoice, invoice.total_cents - balance)
    state = lifecycle_state(invoice)
    if state is not LifecycleState.ISSUED:
        return f"It is {state}."
    return "" if balance > 0 else "Nothing is left to pay."


def changed_since(candidates: Iterable[Candidate], seen: dict[int, str]) -> list[Candidate]:
    """Return those that are not as they were when they were shown."""
    return [candidate for candidate in candidates if seen.get(candidate.invoice.id) != candidate.seen]
