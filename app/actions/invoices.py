"""Invoices: created, edited, voided, written off, reinstated and disputed, each change audited."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from app.actions import customers
from app.domain.confirmation import Confirmation, UnconfirmedError
from app.domain.invoice import Invoice, InvoiceFacts
from app.domain.invoice_changes import StatusChange, why_not, why_not_edit
from app.domain.invoice_entry import InvoiceRefusal, LedgerFacts, questions, refusals
from app.domain.own_fields import changes
from app.store.access import audit
from app.store.access.users import User
from app.store.db.transactions import exclusive_transaction, transaction
from app.store.ledger import invoice_changes, invoices
from app.store.ledger.customers import Details
from app.store.ledger.invoice_changes import SeenVersion
from app.workbook.meaning.vocabulary import currencies


class InvoiceRefusedError(Exception):
    """The change breaks rules; the message is the first one's sentence."""

    def __init__(self, refusals: Iterable[InvoiceRefusal]) -> None:
        self.refusals = tuple(refusals)
        super().__init__(self.refusals[0].sentence)


def create(facts: InvoiceFacts, by: User, now: datetime, confirmed: Collection[Confirmation] = ()) -> int:
    """Add an invoice and return its id.

    Raises NumberTakenError, InvoiceRefusedError, UnconfirmedError, or MissingError outside the current user's scope.
    """
    invoice_changes.refuse_outside_scope(facts)
    with invoice_changes.unique_number(facts), transaction():
        invoice_changes.refuse_taken_number(facts, None)
        _refuse_doubtful(facts, None, 0, now, confirmed)
        invoice_id = invoice_changes.insert(facts)
        after = _non_empty(asdict(facts))
        audit.append(by, "invoice.created", f"invoice:{invoice_id}", after=after, now=now)
        return invoice_id


def create_for_new(
    details: Details, facts: InvoiceFacts, by: User, now: datetime, confirmed: Collection[Confirmation] = ()
) -> int:
    """Add a customer with its first invoice, or neither; raises CodeRefusedError and the errors of `create`."""
    with exclusive_transaction():
        customer_id = customers.create(details, by, now)
        return create(replace(facts, customer_id=customer_id), by, now, confirmed)


def edit(
    seen: SeenVersion, facts: InvoiceFacts, by: User, now: datetime, confirmed: Collection[Confirmation] = ()
) -> bool:
    """Save the values and return whether any differed; raises the errors of `create` and `change_status`."""
    invoice_changes.refuse_outside_scope(facts)
    with invoice_changes.unique_number(facts, seen.invoice_id), transaction():
        invoice, paid_cents = invoice_changes.as_seen(seen)
        before = {name: getattr(invoice, name) for name in asdict(facts)}
        was, after = changes(before, asdict(facts)), changes(asdict(facts), before)
        if not after:
            return False
        has_payments = invoice_changes.has_payments(seen.invoice_id)
        if refusal := why_not_edit(invoice, facts, paid_cents, has_payments=has_payments):
            raise InvoiceRefusedError([refusal])
        invoice_changes.refuse_taken_number(facts, seen.invoice_id)
        _refuse_doubtful(facts, invoice, paid_cents, now, confirmed)
        invoice_changes.write_facts(seen.invoice_id, facts)
        audit.append(by, "invoice.edited", f"invoice:{seen.invoice_id}", before=was, after=after, now=now)
        return True


def change_status(change: StatusChange, reason: str, seen: SeenVersion, by: User, now: datetime) -> None:
    """Void, write off, reinstate or dispute an invoice, or settle its dispute.

    Raises MissingError, InvoiceConflictError or InvoiceRefusedError.
    """
    with transaction():
        invoice, paid_cents = invoice_changes.as_seen(seen)
        if sentence := why_not(change, invoice, paid_cents):
            raise InvoiceRefusedError([InvoiceRefusal(sentence)])
        invoice_changes.write(seen.invoice_id, _VALUES[change](reason, now))
        action = f"invoice.{change.replace(' ', '_')}"
        before = {"reason": invoice.void_reason or invoice.write_off_reason} if change is StatusChange.REINSTATE else {}
        audit.append(
            by, action, f"invoice:{seen.invoice_id}", before=before, after=_non_empty({"reason": reason}), now=now
        )


_VALUES: Mapping[StatusChange, Any] = {
    StatusChange.VOID: lambda reason, now: {"voided_at": now, "void_reason": reason},
    StatusChange.WRITE_OFF: lambda reason, now: {"written_off_at": now, "write_off_reason": reason},
    StatusChange.REINSTATE: lambda _reason, _now: {
        "voided_at": None,
        "void_reason": "",
        "written_off_at": None,
        "write_off_reason": "",
    },
    StatusChange.DISPUTE: lambda _reason, _now: {"disputed": True},
    StatusChange.SETTLE_DISPUTE: lambda _reason, _now: {"disputed": False},
}


def _refuse_doubtful(
    facts: InvoiceFacts, before: Invoice | None, paid_cents: int, now: datetime, confirmed: Collection[Confirmation]
) -> None:
    ledger = LedgerFacts(invoices.currencies(), invoice_changes.others_with_number(facts))
    if refused := list(refusals(facts, before, ledger, currencies.codes())):
        raise InvoiceRefusedError(refused)
    # A day more or less does not matter to what lies a month ahead, so neither does the time zone.
    asked = questions(facts, before, paid_cents, ledger, now.date())
    if unanswered := [question for question in asked if question.confirmation not in confirmed]:
        raise UnconfirmedError(unanswered)


def _non_empty(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in ("", False, {})}
