"""API for payments: list, record once, void."""

from collections.abc import Collection
from datetime import date
from typing import Annotated

from pydantic import Field

from app.actions import payments
from app.domain.confirmation import UnconfirmedError
from app.domain.payment_batch import PaymentBatch
from app.store.ledger import payment_batches, payment_list
from app.store.ledger.payment_list import PaymentFilter, PaymentLine
from app.web.api import problems, shapes
from app.web.api.calls import ROOT, Answer, Call, page
from app.web.api.shapes import CENTS, NEXT, Asked, Cents, Day, Flag, IdAsked, Moment, ResponseModel, Sent


class PaymentsAsked(Asked):
    """Omitted filters do not narrow the list, and ranges include both ends."""

    q: Annotated[shapes.Line, Field(max_length=200)] = Field(
        default="", description="Part of an invoice's number, a reference, a note, or a customer's name or code."
    )
    paid_from: Day | None = None
    paid_to: Day | None = None
    customer_id: IdAsked | None = None
    invoice_id: IdAsked | None = None
    method: Annotated[shapes.Line, Field(max_length=60)] = ""
    voided: Flag = Field(default=False, description="Whether the voided ones are listed too.")

    def wanted(self) -> PaymentFilter:
        return PaymentFilter(
            text=self.q,
            paid_from=self.paid_from,
            paid_to=self.paid_to,
            customer_id=self.customer_id,
            method=self.method,
            with_voided=self.voided,
            invoice_ids=None if self.invoice_id is None else frozenset({self.invoice_id}),
        )


class Placed(Sent):
    """The part of a batch that is for one invoice."""

    invoice_id: shapes.Id
    amount_cents: Cents = Field(description=f"{CENTS} Negative for a refund, then of every invoice.")


class PaymentBatchEntry(Sent):
    """A batch of payments: money received or refunded at once, for one or several invoices in their currency."""

    paid_on: Day
    amounts: Annotated[list[Placed], Field(min_length=1, max_length=200)]
    method: Annotated[shapes.Line, Field(max_length=60)] = Field(default="", examples=["Transfer"])
    reference: Annotated[shapes.Line, Field(max_length=200)] = ""
    note: Annotated[shapes.Lines, Field(max_length=2_000)] = ""
    currency: shapes.Currency | None = Field(
        default=None, description="If it is said, the payment is refused where an invoice is in another currency."
    )
    keep_credit: bool = Field(default=False, description="Whether what is more than is open is kept as credit.")
    repeat_payment: bool = Field(
        default=False,
        description="Whether it is another payment than one of the same customer, day, reference and sum.",
    )


class Reason(Sent):
    """The reason to void a payment."""

    reason: Annotated[shapes.Name, Field(max_length=200)]


class PaymentAnswer(ResponseModel):
    """A payment for one invoice; a refund is negative. Payments are never changed: void one and record another."""

    id: int
    invoice_id: int
    invoice_number: str
    customer_id: int
    customer_code: str
    customer_name: str
    paid_on: date
    currency: str
    amount_cents: int = Field(description=CENTS)
    method: str
    reference: str
    note: str
    voided_at: Moment | None
    void_reason: str
    moves_credit: bool = Field(
        description="Whether no money came or went: credit moved from one invoice to another of the customer."
    )

    @classmethod
    def of(cls, line: PaymentLine) -> "PaymentAnswer":
        return cls.filled(line.payment, line, invoice_number=line.number)


class PaymentPage(ResponseModel):
    """Payments in the order in which they were recorded."""

    data: list[PaymentAnswer]
    next: str | None = NEXT


class RecordedBatch(ResponseModel):
    """The payments that were recorded together: one for each invoice of the batch."""

    data: list[PaymentAnswer]


class PaymentsApi:
    def list(self, _call: Call, query: PaymentsAsked) -> Answer[PaymentPage]:
        found = payment_list.following(query.wanted(), query.after_id, query.limit + 1)
        return page(PaymentPage, [PaymentAnswer.of(line) for line in found], query)

    def get(self, _call: Call, payment_id: int) -> Answer[PaymentAnswer]:
        for line in payment_list.of_ids([payment_id]):
            return Answer(PaymentAnswer.of(line))
        raise problems.not_found("There is no such payment.")

    def record(self, call: Call, body: PaymentBatchEntry) -> Answer[RecordedBatch]:
        batch = PaymentBatch(
            key=call.key,
            paid_on=body.paid_on,
            amounts=_amounts_by_invoice(body),
            method=body.method,
            reference=body.reference,
            note=body.note,
            currency=body.currency or "",
        )
        try:
            recorded = payments.record(batch, call.user, call.now, call.today, shapes.confirmed(body))
        except payment_batches.KeyUsedError as error:
            raise problems.conflict(f"{error} Send a new Idempotency-Key to record something else.") from error
        except payments.PaymentRefusedError as error:
            refusal = error.refusal
            raise problems.conflict(error, _places(body).get(refusal.invoice_id or 0, refusal.field)) from error
        except UnconfirmedError as error:
            places = _places(body)
            raise problems.unconfirmed(error, lambda one: places.get(one.invoice_id or 0, one.field)) from error
        headers = {"Location": f"{ROOT}/payments/{recorded.payment_ids[0]}"}
        return Answer(_batch(recorded.payment_ids), headers)

    def void(self, call: Call, payment_id: int, body: Reason) -> Answer[RecordedBatch]:
        together = payment_batches.of_payment(payment_id)
        payments.void(payment_id, body.reason, call.user, call.now)
        return Answer(_batch([payment.id for payment in together]))


def _places(body: PaymentBatchEntry) -> dict[int, str]:
    return {one.invoice_id: f"amounts.{number}.amount_cents" for number, one in enumerate(body.amounts)}


def _amounts_by_invoice(body: PaymentBatchEntry) -> dict[int, int]:
    placed = {one.invoice_id: one.amount_cents for one in body.amounts}
    if len(placed) != len(body.amounts):
        raise problems.conflict("Each invoice is named once.", "amounts")
    if min(placed.values()) < 0 < max(placed.values()):
        raise problems.conflict("A payment is money that came in or money that was given back, not both.", "amounts")
    return placed


def _batch(payment_ids: Collection[int]) -> RecordedBatch:
    return RecordedBatch(data=[PaymentAnswer.of(line) for line in payment_list.of_ids(payment_ids)])
