"""Payment batches as rows: found by payment or key, inserted once per key, voided together."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from peewee import IntegrityError

from app.domain.invoice import Invoice
from app.domain.payment import Payment
from app.domain.payment_batch import EarlierPayment, PaymentBatch
from app.store.db.compiled_queries import Slot, compiled
from app.store.db.current_user import seeing_everything
from app.store.db.locks import locked
from app.store.db.missing_records import MissingError, existing_or_raise
from app.store.db.tables import InvoiceModel, PaymentModel
from app.store.ledger import columns
from app.store.ledger.snapshot import compared


class KeyUsedError(Exception):
    """The batch's key was used before, with other values or for payments since voided; the message is one sentence."""

    def __init__(self, sentence: str = "This form was sent before, with other values, and those are recorded.") -> None:
        super().__init__(sentence)


def is_recorded(key: str) -> bool:
    """Return whether payments were recorded under that key, in or out of the user's scope."""
    with seeing_everything():
        return bool(_with_key(key))


def with_key(key: str) -> list[Payment]:
    return next((of_payment(payment_id) for (payment_id,) in _with_key(key)), [])


def of_payment(payment_id: int) -> list[Payment]:
    """Return the payments of the same batch, this one included; raises MissingError."""
    payment = existing_or_raise(PaymentModel.get_or_none(PaymentModel.id == payment_id), "payment")
    together = PaymentModel.id == payment_id
    if payment.batch_key is not None:
        together = PaymentModel.batch_key == payment.batch_key
    rows: Any = PaymentModel.select(*columns.PAYMENT).where(together).order_by(PaymentModel.id).tuples()
    return [Payment(*row) for row in rows]


def recorded_at_once(payment_id: int) -> list[Payment]:
    """Return what its user recorded at the same moment and did not void since; raises MissingError.

    Of what was imported, which nobody recorded, it is nothing.
    """
    payment = existing_or_raise(PaymentModel.get_or_none(PaymentModel.id == payment_id), "payment")
    if payment.recorded_by is None:
        return []
    same = (PaymentModel.recorded_by == payment.recorded_by) & (PaymentModel.recorded_at == payment.recorded_at)
    rows: Any = PaymentModel.select(*columns.PAYMENT).where(same, PaymentModel.voided_at.is_null())
    return [Payment(*row) for row in rows.order_by(PaymentModel.id).tuples()]


def hidden_beside(payments: Sequence[Payment]) -> int:
    """Return how many payments of the batch are outside the user's scope."""
    with seeing_everything():
        return len(of_payment(payments[0].id)) - len(payments)


def locked_invoices(ids: Iterable[int]) -> dict[int, tuple[Invoice, int]]:
    """Return the invoices with their paid cents, locked in the order of their ids, which prevents deadlocks."""
    wanted = sorted(set(ids))
    rows: Any = locked(
        InvoiceModel.select(*columns.INVOICE, InvoiceModel.paid_cents)
        .where(InvoiceModel.id.in_(wanted))
        .order_by(InvoiceModel.id)
    )
    found = {invoice.id: (invoice, row[-1]) for row in rows.tuples() for invoice in (columns.invoice_of(row),)}
    if len(found) != len(wanted):
        raise MissingError("There is no such invoice.")
    return found


def earlier(batch: PaymentBatch, customer_ids: Iterable[int]) -> list[EarlierPayment]:
    """Return the customers' payments of the batch's day and reference that count, moved credit aside."""
    rows: Any = (
        PaymentModel.select(
            PaymentModel.id,
            PaymentModel.batch_key,
            InvoiceModel.customer,
            InvoiceModel.currency,
            PaymentModel.amount_cents,
            InvoiceModel.number,
            PaymentModel.reference,
        )
        .join(InvoiceModel)
        .where(
            InvoiceModel.customer.in_(sorted(set(customer_ids))),
            PaymentModel.paid_on == batch.paid_on,
            PaymentModel.voided_at.is_null(),
            ~PaymentModel.moves_credit,
        )
        .order_by(PaymentModel.id)
        .tuples()
    )
    return [
        EarlierPayment(batch_key or str(payment_id), *row)
        for payment_id, batch_key, *row, reference in rows
        if compared(reference) == compared(batch.reference)
    ]


@contextmanager
def unique_key(key: str) -> Iterator[None]:
    """Raise KeyUsedError too if the same key is sent twice at once for different invoices.

    The requests then lock different rows, and only the unique key stops the second.
    """
    try:
        yield
    except IntegrityError as error:
        if is_recorded(key):
            raise KeyUsedError from error
        raise


def insert(batch: PaymentBatch, recorded_by: int, now: datetime) -> list[Payment]:
    """Give the first payment the key, and if they are one receipt in several parts, all a shared one."""
    is_divided = batch.is_one_receipt and len(batch.amounts) > 1
    details = {"method": batch.method, "reference": batch.reference, "note": batch.note}
    batch_key = batch.key if is_divided else None
    payments = []
    for number, (invoice_id, cents) in enumerate(batch.amounts.items()):
        row = PaymentModel.create(
            invoice=invoice_id,
            paid_on=batch.paid_on,
            amount_cents=cents,
            batch_key=batch_key,
            idempotency_key=batch.key if number == 0 else None,
            recorded_by=recorded_by,
            recorded_at=now,
            moves_credit=batch.moves_credit,
            **details,
        )
        payments.append(
            Payment(
                row.id,
                invoice_id,
                batch.paid_on,
                cents,
                **details,
                voided_at=None,
                void_reason="",
                moves_credit=batch.moves_credit,
                batch_key=batch_key,
            )
        )
    return payments


def void(ids: Sequence[int], reason: str, now: datetime) -> None:
    PaymentModel.update(voided_at=now, void_reason=reason).where(PaymentModel.id.in_(ids)).execute()


@compiled
def _with_key(key: Slot) -> Any:
    return PaymentModel.select(PaymentModel.id).where(PaymentModel.idempotency_key == key.value)
