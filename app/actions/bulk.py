"""The same action for many invoices: for all of them as they were shown, or for none."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from app.actions import invoices as invoice_actions
from app.actions import payments
from app.domain.as_of import AsOf
from app.domain.bulk import BulkAction, Candidate, changed_since, why_left_out
from app.domain.invoice_changes import StatusChange
from app.domain.payment_batch import PaymentBatch
from app.store.access.users import User
from app.store.db.transactions import exclusive_transaction
from app.store.ledger import invoices, payment_batches
from app.store.ledger.invoice_changes import SeenVersion
from app.store.ledger.invoices import Filter, ListedInvoice


class ChangedMeanwhileError(Exception):
    """Some of the invoices are no longer as they were shown."""


class RecordedBeforeError(Exception):
    """The payments were recorded by an earlier request with the same key."""


@dataclass(frozen=True, slots=True)
class BulkChange:
    """What to do; `seen` has the fingerprint of each invoice as it was shown, by id."""

    action: BulkAction
    seen: Mapping[int, str]
    key: str
    reason: str
    paid_on: date
    method: str
    reference: str


def apply(change: BulkChange, by: User, now: datetime, today: AsOf) -> list[ListedInvoice]:
    """Change the invoices and return them as they were before.

    Raises ChangedMeanwhileError, RecordedBeforeError, or what recording a payment raises.
    """
    with exclusive_transaction():
        if payment_batches.is_recorded(_key(change, min(change.seen, default=0))):
            raise RecordedBeforeError
        listed = invoices.matching(Filter(ids=frozenset(change.seen)), today, invoices.LONGEST_DUE_FIRST, length=None)
        if not _are_as_shown(change, listed):
            raise ChangedMeanwhileError
        for line in listed:
            _change(change, line, by, now, today.day)
        return listed


def _are_as_shown(change: BulkChange, listed: list[ListedInvoice]) -> bool:
    candidates = [Candidate(line.invoice, line.balance_cents) for line in listed]
    fits = not any(why_left_out(change.action, candidate) for candidate in candidates)
    return 0 < len(listed) == len(change.seen) and fits and not changed_since(candidates, change.seen)


def _change(change: BulkChange, line: ListedInvoice, by: User, now: datetime, today: date) -> None:
    invoice = line.invoice
    if change.action is not BulkAction.PAY:
        seen = SeenVersion(invoice.id, invoice.version)
        invoice_actions.change_status(StatusChange(change.action.value), change.reason, seen, by, now)
        return
    batch = PaymentBatch(
        key=_key(change, invoice.id),
        paid_on=change.paid_on,
        amounts={invoice.id: line.balance_cents},
        method=change.method,
        reference=change.reference,
    )
    payments.record(batch, by, now, today, keep_credit=False)


def _key(change: BulkChange, invoice_id: int) -> str:
    return f"{change.key}:{invoice_id}"
