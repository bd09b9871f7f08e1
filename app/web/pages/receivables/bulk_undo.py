"""Undoing what was just done with many invoices, offered on the list that shows them."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from app.domain.bulk import BulkAction, Candidate, why_left_out
from app.domain.permissions import Right
from app.domain.sentences import counted
from app.store.access import audit_entries
from app.store.db.missing_records import MissingError
from app.store.ledger import invoices, payment_batches
from app.store.ledger.invoices import Filter
from app.web.http.forms import Form
from app.web.http.request_context import RequestContext
from app.web.pages.receivables.invoice_page import UNDONE

PARAMETERS = ("recorded", "changed")

_OFFERED_FOR = timedelta(hours=1)
_OPPOSITES = {"invoice.dispute": BulkAction.SETTLE_DISPUTE, "invoice.settle_dispute": BulkAction.DISPUTE}
_IN_WORDS = {BulkAction.SETTLE_DISPUTE: "clear the dispute of {}", BulkAction.DISPUTE: "mark {} as disputed again"}


@dataclass(frozen=True, slots=True)
class BulkUndo:
    """A form of one button."""

    address: str
    label: str
    fields: Mapping[str, str]


def bulk_undo(context: RequestContext, back: str) -> BulkUndo | None:
    """Return None if the list was not opened by a bulk action of the user, or if nothing of it is left to undo."""
    if not context.user.may(Right.EDIT):
        return None
    fields = Form(context.query)
    if payment_id := fields.id("recorded"):
        return _of_payments(payment_id, back)
    if request_id := fields.text("changed"):
        return _of_disputes(context, request_id, back)
    return None


def _of_payments(payment_id: int, back: str) -> BulkUndo | None:
    try:
        recorded = payment_batches.recorded_at_once(payment_id)
    except MissingError:
        return None
    if not recorded:
        return None
    label = "void this payment" if len(recorded) == 1 else f"void these {counted(len(recorded), 'payment', 'payments')}"
    return BulkUndo(f"/payments/{payment_id}/undo", label, {"reason": UNDONE, "back": back})


def _of_disputes(context: RequestContext, request_id: str, back: str) -> BulkUndo | None:
    entries = audit_entries.of_request(request_id, context.user.id, context.now - _OFFERED_FOR)
    actions = {action for entry in entries if (action := _OPPOSITES.get(entry.action))}
    if len(actions) != 1:
        return None
    (action,) = actions
    ids = frozenset(int(entry.subject.removeprefix("invoice:")) for entry in entries if entry.action in _OPPOSITES)
    lines = invoices.matching(Filter(ids=ids), context.as_of(), invoices.LONGEST_DUE_FIRST, length=None)
    candidates = [Candidate(line.invoice, line.balance_cents) for line in lines]
    left = [candidate for candidate in candidates if not why_left_out(action, candidate)]
    if not left:
        return None
    picks = {f"pick:{candidate.invoice.id}": candidate.seen for candidate in left}
    more = {"action": action.value, "key": secrets.token_urlsafe(24), "reason": UNDONE, "back": back}
    label = _IN_WORDS[action].format(counted(len(left), "invoice", "invoices"))
    return BulkUndo("/invoices/bulk/apply", label, {**picks, **more})
