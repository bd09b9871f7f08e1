"""Bulk actions on invoices: which of them a bulk action applies to, and why it skips the others."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from app.domain.invoice import Invoice, LifecycleState, lifecycle_state
from app.domain.invoice_changes import StatusChange, why_not


class BulkAction(StrEnum):
    PAY = "pay"
    DISPUTE = "dispute"
    SETTLE_DISPUTE = "settle dispute"


@dataclass(frozen=True, slots=True)
class Candidate:
    invoice: Invoice
    balance_cents: int

    @property
    def seen(self) -> str:
        """Return a fingerprint of the state as shown; the action is refused if it has changed since."""
        return f"{self.invoice.version}.{self.balance_cents}"


def why_left_out(action: BulkAction, candidate: Candidate) -> str:
    """Return "" if the action does not skip the invoice."""
    invoice, balance = candidate.invoice, candidate.balance_cents
    if action is not BulkAction.PAY:
        return why_not(StatusChange(action.value), invoice, invoice.total_cents - balance)
    state = lifecycle_state(invoice)
    if state is not LifecycleState.ISSUED:
        return f"It is {state}."
    return "" if balance > 0 else "Nothing is left to pay."


def changed_since(candidates: Iterable[Candidate], seen: Mapping[int, str]) -> list[Candidate]:
    """Return the candidates whose fingerprint differs from the one shown; `seen` is by invoice id."""
    return [candidate for candidate in candidates if seen.get(candidate.invoice.id) != candidate.seen]
