"""Payments: recorded idempotently, voided with a reason, never edited."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from peewee import IntegrityError

from app.domain import invoice as invoice_rules
from app.domain import payment_batch as receipt_rules
from app.domain.payment import Payment
from app.domain.payment_batch import PaymentBatch
from app.store.access import audit
from app.store.access.users import User
from app.store.db import tables
from app.store.db.compiled_queries import Slot, compiled
from app.store.db.current_user import seeing_everything
from app.store.db.database import locked, transaction
from app.store.db.tables import InvoiceModel

CREDIT = "Credit"  # the method of payments that move credit from one invoice to another

_OTHER_VALUES = "This form was sent before, with other values, and what it said then is recorded."
_INVOICE = tuple(getattr(InvoiceModel, fact.name) for fact in fields(invoice_rules.Invoice))
_PAYMENT = tuple(getattr(tables.PaymentModel, fact.name) for fact in fields(Payment))


class PaymentRefusedError(Exception):
    """The batch or the void breaks a rule; the message is one sentence."""

    def __init__(self, refusal: receipt_rules.BatchRefusal) -> None:
        super().__init__(refusal.sentence)
        self.refusal = refusal


class OverpaidError(Exception):
    """More was paid than is open, without `keep_credit`; `excess` has the extra cents by invoice id."""

    def __init__(self, excess: Mapping[int, int]) -> None:
        super().__init__("More came in than is open.")
        self.excess = excess


class KeyUsedError(Exception):
    """The batch's key was used before, with other values or for payments since voided; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """The ids of a batch's payments; `again` if the same batch had been recorded before."""

    payment_ids: tuple[int, ...]
    again: bool


def record(receipt: PaymentBatch, by: User, now: datetime, today: date, *, keep_credit: bool) -> Recorded:
    """Record a payment batch, at most once per key.

    Raises LookupError, PaymentRefusedError, OverpaidError or KeyUsedError; then nothing was recorded.
    """
    with _one_of_a_key(receipt.key), transaction():
        invoices = _locked_invoices(receipt.amounts)
        before = _recorded_with(receipt.key)
        if before:
            return _the_same_again(receipt, before)
        refusal = receipt_rules.why_not(receipt, invoices, today)
        if refusal:
            raise PaymentRefusedError(refusal)
        excess = receipt_rules.overpaid(receipt, invoices)
        if excess and not keep_credit:
            raise OverpaidError(excess)
        return Recorded(_insert(receipt, by, now), again=False)


def move_credit(receipt: PaymentBatch, by: User, now: datetime, today: date) -> Recorded:
    """Move credit from one invoice to others of the same customer; the batch's amounts add up to zero.

    Raises LookupError, PaymentRefusedError or KeyUsedError; then nothing was recorded.
    """
    with _one_of_a_key(receipt.key), transaction():
        invoices = _locked_invoices(receipt.amounts)
        before = _recorded_with(receipt.key)
        if before:
            return _the_same_again(receipt, before)
        refusal = receipt_rules.why_not_move(receipt, invoices, today)
        if refusal:
            raise PaymentRefusedError(refusal)
        return Recorded(_insert(receipt, by, now), again=False)


def void(payment_id: int, reason: str, by: User, now: datetime) -> tuple[int, ...]:
    """Void a payment and all others of its batch; return the ids of their invoices.

    Raises LookupError, or PaymentRefusedError if a refund would be left without its payment, or if the batch has
    payments of invoices that the user may not see.
    """
    with transaction():
        together = _recorded_together(payment_id)
        _refuse_to_void_in_part(together)
        invoices = _locked_invoices({payment.invoice_id: 0 for payment in together})
        # Read again under the lock: if two transactions void at once, the second has nothing left to do.
        active = [payment for payment in _recorded_together(payment_id) if payment.voided_at is None]
        for payment in active:
            _refuse_a_refund_without_payment(payment, active, invoices)
        ids = [payment.id for payment in active]
        tables.PaymentModel.update(voided_at=now, void_reason=reason).where(tables.PaymentModel.id.in_(ids)).execute()
        for payment in active:
            _audit(by, "payment.voided", payment, {**_details(payment), "reason": reason}, now)
        return tuple(invoices)


def is_used(key: str) -> bool:
    """Return whether payments were recorded under that key, in or out of the user's scope."""
    with seeing_everything():
        return bool(_with_key(key))


def together_with(payment_id: int) -> list[Payment]:
    """Return the payments of the same batch, this one included; raises LookupError."""
    return _recorded_together(payment_id)


@contextmanager
def _one_of_a_key(key: str) -> Iterator[None]:
    """Raise KeyUsedError too if the same key is sent twice at once for different invoices.

    The requests then lock different rows, and only the unique key stops the second.
    """
    try:
        yield
    except IntegrityError as error:
        if is_used(key):
            raise KeyUsedError(_OTHER_VALUES) from error
        raise


def _locked_invoices(ids: Iterable[int]) -> dict[int, tuple[invoice_rules.Invoice, int]]:
    """Return the invoices with their paid cents, locked in the order of their ids, which prevents deadlocks."""
    wanted = sorted(set(ids))
    rows: Any = locked(
        InvoiceModel.select(*_INVOICE, InvoiceModel.paid_cents)
        .where(InvoiceModel.id.in_(wanted))
        .order_by(InvoiceModel.id)
    )
    found = {row[0]: (invoice_rules.Invoice(*row[:-1]), row[-1]) for row in rows.tuples()}
    if len(found) != len(wanted):
        raise LookupError("There is no such invoice.")
    return found


def _recorded_with(key: str) -> list[Payment]:
    return next((_recorded_together(payment_id) for (payment_id,) in _with_key(key)), [])


@compiled
def _with_key(key: Slot) -> Any:
    return tables.PaymentModel.select(tables.PaymentModel.id).where(tables.PaymentModel.idempotency_key == key.value)


def _recorded_together(payment_id: int) -> list[Payment]:
    payment = tables.PaymentModel.get_or_none(tables.PaymentModel.id == payment_id)
    if payment is None:
        raise LookupError("There is no such payment.")
    together = tables.PaymentModel.id == payment_id
    if payment.receipt is not None:
        together = tables.PaymentModel.receipt == payment.receipt
    rows: Any = tables.PaymentModel.select(*_PAYMENT).where(together).order_by(tables.PaymentModel.id).tuples()
    return [Payment(*row) for row in rows]


def _the_same_again(receipt: PaymentBatch, before: list[Payment]) -> Recorded:
    """Return the payments recorded the first time; raises KeyUsedError if the batch differs or was voided since."""
    if any(payment.voided_at for payment in before):
        raise KeyUsedError("This form was sent before, and what it recorded has been voided since.")
    amounts = {payment.invoice_id: payment.amount_cents for payment in before}
    first = before[0]
    recorded = (amounts, first.paid_on, first.method, first.reference, first.note)
    if recorded != (dict(receipt.amounts), receipt.paid_on, receipt.method, receipt.reference, receipt.note):
        raise KeyUsedError(_OTHER_VALUES)
    return Recorded(tuple(payment.id for payment in before), again=True)


def _insert(receipt: PaymentBatch, by: User, now: datetime) -> tuple[int, ...]:
    shared = receipt.key if len(receipt.amounts) > 1 else None
    payments = [
        _insert_one(receipt, invoice_id, cents, shared, receipt.key if number == 0 else None, by, now)
        for number, (invoice_id, cents) in enumerate(receipt.amounts.items())
    ]
    for payment in payments:
        _audit(by, "payment.recorded", payment, _details(payment), now)
    return tuple(payment.id for payment in payments)


def _insert_one(
    receipt: PaymentBatch, invoice_id: int, cents: int, shared: str | None, key: str | None, by: User, now: datetime
) -> Payment:
    details = {"method": receipt.method, "reference": receipt.reference, "note": receipt.note}
    row = tables.PaymentModel.create(
        invoice=invoice_id,
        paid_on=receipt.paid_on,
        amount_cents=cents,
        receipt=shared,
        idempotency_key=key,
        recorded_by=by.id,
        recorded_at=now,
        **details,
    )
    return Payment(row.id, invoice_id, receipt.paid_on, cents, **details, voided_at=None, void_reason="")


def _refuse_to_void_in_part(together: list[Payment]) -> None:
    first = together[0]
    with seeing_everything():
        hidden = len(_recorded_together(first.id)) - len(together)
    if hidden:
        sentence = "It was recorded together with payments of invoices that you may not see."
        raise PaymentRefusedError(receipt_rules.BatchRefusal(sentence, first.invoice_id))


def _refuse_a_refund_without_payment(
    payment: Payment, active: list[Payment], invoices: Mapping[int, tuple[invoice_rules.Invoice, int]]
) -> None:
    invoice, paid_cents = invoices[payment.invoice_id]
    voided_cents = sum(other.amount_cents for other in active if other.invoice_id == payment.invoice_id)
    if voided_cents > 0 and paid_cents - voided_cents < 0:
        sentence = f"Part of it was refunded or moved away from invoice {invoice.number}: void that first."
        raise PaymentRefusedError(receipt_rules.BatchRefusal(sentence, invoice.id))


def _audit(by: User, action: str, payment: Payment, after: Mapping[str, Any], now: datetime) -> None:
    audit.append(by, action, f"invoice:{payment.invoice_id}", before={}, after=after, now=now)


def _details(payment: Payment) -> dict[str, Any]:
    values = {
        "payment": payment.id,
        "amount_cents": payment.amount_cents,
        "paid_on": payment.paid_on,
        "method": payment.method,
        "reference": payment.reference,
        "note": payment.note,
    }
    return {name: value for name, value in values.items() if value != ""}
