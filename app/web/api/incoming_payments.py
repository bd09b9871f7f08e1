"""API for incoming payments: what a payment provider says was paid, received once."""

import re
from datetime import date
from typing import Annotated

from pydantic import AfterValidator, Field

from app.actions import incoming_payments
from app.domain.incoming_payment import IncomingFacts, IncomingPayment, IncomingState
from app.store.ledger import incoming_payments as stored
from app.web.api import problems, shapes
from app.web.api.calls import Answer, Call, page
from app.web.api.shapes import CENTS, NEXT, Asked, Cents, Day, Matching, Moment, ResponseModel, Sent

_PROVIDER = "Please write the provider in small letters, digits, dots and hyphens, such as stripe."
# Isolates mark numbers in our sentences; the others fit neither databases nor workbooks.
_REFUSED = re.compile("[\\x00-\\x1f\\u2066-\\u2069\\ufffe\\uffff]")


def _in_one_line(text: str) -> str:
    """Keep whatever a provider sends, as one line: money is not refused for the sake of a control character."""
    return " ".join(_REFUSED.sub(" ", text).split())


Provider = Annotated[str, Matching("^[a-z0-9][a-z0-9.-]{0,39}$", _PROVIDER), Field(examples=["stripe"])]
Text = Annotated[str, Field(max_length=1_000), AfterValidator(_in_one_line)]


class IncomingPaymentsAsked(Asked):
    """Without a state, incoming payments of every state are listed."""

    state: IncomingState | None = None


class IncomingPaymentEntry(Sent):
    """A payment as the provider has it. The provider and its id are what makes it unique, for ever."""

    provider: Provider
    provider_payment_id: Annotated[shapes.Name, Field(max_length=200)]
    amount_cents: Annotated[Cents, Field(description=f"{CENTS} Negative for money that was given or charged back.")]
    currency: shapes.Currency
    paid_on: Day
    reference: Text = Field(default="", description="What the payer wrote; invoice numbers are looked for in it.")
    payer: Text = Field(default="", description="Who paid, by name.")
    method: Annotated[str, Field(max_length=60), AfterValidator(_in_one_line)] = Field(default="", examples=["Card"])


class IncomingPaymentAnswer(ResponseModel):
    """An incoming payment, and what became of it."""

    id: int
    provider: str
    provider_payment_id: str
    amount_cents: int = Field(description=CENTS)
    currency: str
    paid_on: date
    reference: str
    payer: str
    method: str
    state: IncomingState
    sentence: str = Field(description="For which invoices it is recorded, or why it is a question to a person.")
    payment_ids: list[int] = Field(description="The payments that it is recorded as, without voided ones.")
    invoice_number: str | None = Field(description="The number of its invoice, if it is recorded for one.")
    received_at: Moment

    @classmethod
    def of(cls, incoming: IncomingPayment) -> "IncomingPaymentAnswer":
        parts = incoming.active_parts
        number = parts[0].number if len(parts) == 1 else None
        payment_ids = [part.payment_id for part in parts]
        return cls.filled(incoming.facts, incoming, payment_ids=payment_ids, invoice_number=number)


class IncomingPaymentPage(ResponseModel):
    """Incoming payments in the order in which they were received."""

    data: list[IncomingPaymentAnswer]
    next: str | None = NEXT


class IncomingPaymentsApi:
    def list(self, _call: Call, query: IncomingPaymentsAsked) -> Answer[IncomingPaymentPage]:
        found = stored.following(query.state or "", query.after_id, query.limit + 1)
        return page(IncomingPaymentPage, [IncomingPaymentAnswer.of(one) for one in found], query)

    def get(self, _call: Call, incoming_payment_id: int) -> Answer[IncomingPaymentAnswer]:
        return Answer(IncomingPaymentAnswer.of(stored.get(incoming_payment_id)))

    def receive(self, call: Call, body: IncomingPaymentEntry) -> Answer[IncomingPaymentAnswer]:
        facts = IncomingFacts(**body.model_dump())
        try:
            received = incoming_payments.receive(facts, call.user, call.now, call.today)
        except incoming_payments.IncomingConflictError as error:
            raise problems.conflict(error, "provider_payment_id") from error
        return Answer(IncomingPaymentAnswer.of(received))
