"""The same action for many invoices: for all of them as they were shown, or for none."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from app.actions import invoices as invoice_actions
from app.actions import payments
from app.domain.as_of import AsOf
from app.domain.bulk import BulkAction, Candidate, changed_since, why_left_out
from app.domain.confirmation import Confirmation
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
    confirmed: Collection[Confirmation] = ()


@dataclass(frozen=True, slots=True)
class BulkDone:
    """The invoices as they were before, and the id of the first payment if payments were recorded."""

    listed: list[ListedInvoice]
    payment_id: int | None = None


def apply(change: BulkChange, by: User, now: datetime, today: AsOf) -> BulkDone:
    """Raise ChangedMeanwhileError, RecordedBeforeError, or what recording a payment raises."""
    with exclusive_transaction():
        if payment_batches.is_recorded(change.key):
            raise RecordedBeforeError
        listed = invoices.matching(Filter(ids=frozenset(change.seen)), today, invoices.LONGEST_DUE_FIRST, length=None)
        if not _are_as_shown(change, listed):
            raise ChangedMeanwhileError
        if change.action is BulkAction.PAY:
            recorded = payments.record(_in_full(change, listed), by, now, today.day, change.confirmed)
            return BulkDone(listed, recorded.payment_ids[0])
        for line in listed:
            seen = SeenVersion(line.invoice.id, line.invoice.version)
            invoice_actions.change_status(StatusChange(change.action.value), change.reason, seen, by, now)
        return BulkDone(listed)


def _are_as_shown(change: BulkChange, listed: list[ListedInvoice]) -> bool:
    candidates = [Candidate(line.invoice, line.balance_cents) for line in listed]
    fits = not any(why_left_out(change.action, candidate) for candidate in candidates)
    return 0 < len(listed) == len(change.seen) and fits and not changed_since(candidates, change.seen)


def _in_full(change: BulkChange, listed: list[ListedInvoice]) -> PaymentBatch:
    return PaymentBatch(
        key=change.key,
        paid_on=change.paid_on,
        amounts={line.invoice.id: line.balance_cents for line in listed},
        method=change.method,
        reference=change.reference,
        is_one_receipt=False,
    )
