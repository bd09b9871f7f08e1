"""Payments: recorded idempotently, voided with a reason, never edited."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, TypeAlias

from app.actions import events, incoming_questions
from app.domain import payment_batch as rules
from app.domain.advance_payment import AdvancePayment
from app.domain.confirmation import Confirmation, UnconfirmedError
from app.domain.invoice import Invoice
from app.domain.payment import MOVED_CREDIT, Payment
from app.domain.payment_batch import BatchRefusal, PaymentBatch
from app.store.access import audit
from app.store.access.users import User
from app.store.db.transactions import transaction
from app.store.ledger import customers, invoice_changes, payment_batches
from app.store.ledger.incoming_payments import received
from app.store.ledger.payment_batches import KeyUsedError

_Locked: TypeAlias = Mapping[int, tuple[Invoice, int]]  # with the cents paid for each


class PaymentRefusedError(Exception):
    """The batch or the void breaks a rule; the message is one sentence."""

    def __init__(self, refusal: BatchRefusal) -> None:
        super().__init__(refusal.sentence)
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class Recorded:
    """A batch's payments, and the numbers of their invoices; `again` if the batch had been recorded before."""

    payment_ids: tuple[int, ...]
    numbers: tuple[str, ...]
    again: bool


def record(
    batch: PaymentBatch, by: User, now: datetime, today: date, confirmed: Collection[Confirmation] = ()
) -> Recorded:
    """Record a payment batch, at most once per key.

    Raises MissingError, PaymentRefusedError, UnconfirmedError or KeyUsedError; then nothing was recorded.
    """
    with payment_batches.unique_key(batch.key), transaction():
        invoices = payment_batches.locked_invoices(batch.amounts)
        # Read before the key is: what a form sent at the same moment commits meanwhile is refused for its key.
        earlier = payment_batches.earlier(batch, {invoice.customer_id for invoice, _ in invoices.values()})
        if before := payment_batches.with_key(batch.key):
            return _recorded_before(batch, before, invoices)
        _refuse(rules.why_not(batch, invoices, today))
        asked = rules.questions(batch, invoices, earlier)
        if unanswered := [question for question in asked if question.confirmation not in confirmed]:
            raise UnconfirmedError(unanswered)
        return _insert(batch, invoices, by, now)


def move_credit(batch: PaymentBatch, by: User, now: datetime, today: date) -> Recorded:
    """Move credit from one invoice to others of the same customer; the batch's amounts add up to zero.

    Raises MissingError, PaymentRefusedError or KeyUsedError; then nothing was recorded.
    """
    batch = replace(batch, method=MOVED_CREDIT, moves_credit=True)
    with payment_batches.unique_key(batch.key), transaction():
        invoices = payment_batches.locked_invoices(batch.amounts)
        if before := payment_batches.with_key(batch.key):
            return _recorded_before(batch, before, invoices)
        _refuse(rules.why_not_move(batch, invoices, today))
        return _insert(batch, invoices, by, now)


def record_advance(
    advance: AdvancePayment, by: User, now: datetime, today: date, confirmed: Collection[Confirmation] = ()
) -> Recorded:
    """Record money that pays no invoice yet as credit of the customer; raises the errors of `record`."""
    with payment_batches.unique_key(advance.key), transaction():
        customers.lock(advance.customer_id)
        before = payment_batches.with_key(advance.key)
        entry_id = before[0].invoice_id if before else _add_entry(advance, by, now)
        return record(advance.payment(entry_id), by, now, today, {*confirmed, Confirmation.KEEP_CREDIT})


def void(payment_id: int, reason: str, by: User, now: datetime) -> tuple[int, ...]:
    """Void a payment and all others of its batch; return the ids of their invoices.

    Raises MissingError, or PaymentRefusedError if a refund would be left without its payment, or if the batch has
    payments of invoices that the user may not see.
    """
    with transaction():
        batch = payment_batches.of_payment(payment_id)
        if payment_batches.hidden_beside(batch):
            sentence = "It was recorded together with payments of invoices that you may not see."
            raise PaymentRefusedError(BatchRefusal(sentence, batch[0].invoice_id))
        invoices = payment_batches.locked_invoices(payment.invoice_id for payment in batch)
        # Read again under the lock: if two transactions void at once, the second has nothing left to do.
        active = [payment for payment in payment_batches.of_payment(payment_id) if payment.voided_at is None]
        for payment in active:
            _refuse_a_refund_without_payment(payment, active, invoices)
        payment_batches.void([payment.id for payment in active], reason, now)
        for payment in active:
            _audit(by, "payment.voided", payment, {**_details(payment), "reason": reason}, now)
        _ask_again(active, reason, by, now)
        events.payments_voided(active, invoices, reason, now)
        for entry_id in invoice_changes.void_unpaid_advances(invoices, reason, now):
            audit.append(by, "invoice.void", f"invoice:{entry_id}", after={"reason": reason}, now=now)
        return tuple(invoices)


def undo(payment_id: int, reason: str, by: User, now: datetime) -> int:
    """Void all that its user recorded at the same moment, and return how many; raises as `void` does."""
    with transaction():
        recorded = payment_batches.recorded_at_once(payment_id)
        payment_batches.locked_invoices(payment.invoice_id for payment in recorded)
        for payment in recorded:
            void(payment.id, reason, by, now)
        return len(recorded)


def _refuse(refusal: BatchRefusal | None) -> None:
    if refusal:
        raise PaymentRefusedError(refusal)


def _recorded_before(batch: PaymentBatch, before: Sequence[Payment], invoices: _Locked) -> Recorded:
    """Return the payments recorded the first time; raises KeyUsedError if the batch differs or was voided since."""
    if any(payment.voided_at for payment in before):
        raise KeyUsedError("This form was sent before, and what it recorded has been voided since.")
    amounts = {payment.invoice_id: payment.amount_cents for payment in before}
    first = before[0]
    recorded = (amounts, first.paid_on, first.method, first.reference, first.note)
    if recorded != (dict(batch.amounts), batch.paid_on, batch.method, batch.reference, batch.note):
        raise KeyUsedError
    return Recorded(tuple(payment.id for payment in before), _numbers(invoices), again=True)


def _add_entry(advance: AdvancePayment, by: User, now: datetime) -> int:
    entry = advance.entry(lambda number: invoice_changes.is_taken(number, advance.customer_id))
    invoice_changes.refuse_outside_scope(entry)
    entry_id = invoice_changes.insert(entry)
    after = {"number": entry.number, "currency": entry.currency, "ledger": entry.ledger}
    audit.append(by, "invoice.created", f"invoice:{entry_id}", after=after, now=now)
    return entry_id


def _insert(batch: PaymentBatch, invoices: _Locked, by: User, now: datetime) -> Recorded:
    payments = payment_batches.insert(batch, by.id, now)
    source = {"source": batch.source} if batch.source else {}
    for payment in payments:
        _audit(by, "payment.recorded", payment, _details(payment) | source, now)
    events.payments_recorded(payments, invoices, now)
    return Recorded(tuple(payment.id for payment in payments), _numbers(invoices), again=False)


def _ask_again(voided: Sequence[Payment], reason: str, by: User, now: datetime) -> None:
    """Make the incoming payment that they came from a question again: its money is still there."""
    came_from = received.became([payment.id for payment in voided])
    for incoming_id in {incoming.id for incoming in came_from.values()}:
        incoming_questions.ask(incoming_id, f"What it was recorded as was voided: {reason}", now)
        audit.append(
            by, "incoming_payment.reopened", f"incoming_payment:{incoming_id}", after={"reason": reason}, now=now
        )


def _numbers(invoices: _Locked) -> tuple[str, ...]:
    return tuple(invoice.number for invoice, _ in invoices.values())


def _refuse_a_refund_without_payment(payment: Payment, active: Sequence[Payment], invoices: _Locked) -> None:
    invoice, paid_cents = invoices[payment.invoice_id]
    voided_cents = sum(other.amount_cents for other in active if other.invoice_id == payment.invoice_id)
    if voided_cents > 0 and paid_cents - voided_cents < 0:
        sentence = f"Part of it was refunded or moved away from invoice {invoice.number}: void that first."
        raise PaymentRefusedError(BatchRefusal(sentence, invoice.id))


def _audit(by: User, action: str, payment: Payment, after: Mapping[str, Any], now: datetime) -> None:
    audit.append(by, action, f"invoice:{payment.invoice_id}", after=after, now=now)


def _details(payment: Payment) -> dict[str, Any]:
    names = ("amount_cents", "paid_on", "method", "reference", "note")
    values = {"payment": payment.id, **{name: getattr(payment, name) for name in names}}
    kind = {"moves_credit": True} if payment.moves_credit else {}
    return {name: value for name, value in values.items() if value != ""} | kind
