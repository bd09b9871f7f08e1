"""Incoming payments: what a payment provider says was paid, and for which invoices it is, if that is certain.

Nothing is guessed: what does not say for certain which invoices it pays is a question to a person.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import TypeAlias

from app.domain import incoming_payment_reference as reference_rules
from app.domain.incoming_payment_reference import NumberPlace
from app.domain.invoice import Invoice, LifecycleState, lifecycle_state
from app.domain.plausible_days import why_not_plausible
from app.domain.sentences import amount_text, first_of

LONGEST_REFERENCE = 200  # of the payments that are recorded
_MOST_NUMBERS = 5

Owed: TypeAlias = tuple[Invoice, int]  # with the cents paid for it


class IncomingState(StrEnum):
    RECORDED = "recorded"
    QUESTION = "question"
    DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingFacts:
    """What the provider says. `provider_payment_id` is its own id; the amount is negative for money given back."""

    provider: str
    provider_payment_id: str
    amount_cents: int
    currency: str
    paid_on: date
    reference: str = ""
    payer: str = ""
    method: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingPart:
    """A payment that it became; `voided_at` says that it counts no longer."""

    payment_id: int
    invoice_id: int
    number: str
    customer_id: int
    customer_name: str
    amount_cents: int
    voided_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingPayment:
    """`question` says why it is one; `dismissal` why it was dismissed; `parts` has the voided ones too."""

    id: int
    facts: IncomingFacts
    state: IncomingState
    question: str
    dismissal: str
    received_at: datetime
    received_by: str
    program: str
    decided_at: datetime | None
    decided_by: str
    parts: tuple[IncomingPart, ...] = ()

    @property
    def active_parts(self) -> tuple[IncomingPart, ...]:
        return tuple(part for part in self.parts if part.voided_at is None)

    @property
    def sentence(self) -> str:
        if self.state is IncomingState.QUESTION:
            return self.question
        if self.state is IncomingState.DISMISSED:
            return f"It was dismissed: {self.dismissal}"
        numbers = [part.number for part in self.active_parts]
        if not numbers:  # all other voids make it a question again
            return "It was recorded, and a workbook has replaced that payment since."
        kind = "invoice" if len(numbers) == 1 else "invoices"
        return f"It is recorded for {kind} {first_of(numbers, _MOST_NUMBERS)}."


@dataclass(frozen=True, slots=True)
class Match:
    """Either the cents by invoice id, or the question why it is not certain."""

    amounts: Mapping[int, int] = field(default_factory=dict)
    question: str = ""


def match(payment: IncomingFacts, reference: str, owed: Mapping[str, Sequence[Owed]], today: date) -> Match:
    """Decide which invoices it pays.

    `reference` and the keys of `owed` are normalised as numbers are compared; `owed` has the invoices by number.
    """
    if question := _why_not_by_itself(payment, today):
        return Match(question=question)
    sent = {key: [one for one in found if not one[0].draft] for key, found in owed.items()}
    known = {key: found for key, found in sent.items() if found}
    places = reference_rules.places(reference, known)
    if not places:
        return Match(question=_NOTHING_FOUND if reference else _NO_REFERENCE)
    meant: dict[int, Owed] = {}
    is_certain = True
    for place in places:
        options = _options(place, known)
        if len(options) > 1:
            return Match(question=_several_could_be_meant(options))
        meant |= options
        is_certain = is_certain and bool(place.certain)
    return _placed(payment, list(meant.values()), is_certain=is_certain)


_NO_REFERENCE = "It came without a reference that could name an invoice."
_NOTHING_FOUND = "Its reference holds no invoice number that is known here."


def _why_not_by_itself(payment: IncomingFacts, today: date) -> str:
    if payment.amount_cents < 0:
        return "Money was given back or charged back: say which invoice it was paid for."
    if payment.amount_cents == 0:
        return "Its amount is zero."
    if sentence := why_not_plausible(payment.paid_on):
        return sentence
    if payment.paid_on > today:
        return "Its day lies in the future: see that the money has come in."
    return ""


def _options(place: NumberPlace, known: Mapping[str, Sequence[Owed]]) -> dict[int, Owed]:
    """Return the invoices that may be meant in that place, by id."""
    certain = {one[0].id: one for key in place.certain for one in known[key]}
    possible = {one[0].id: one for key in place.possible for one in known[key]}
    if not certain:
        return possible
    return certain | {invoice_id: one for invoice_id, one in possible.items() if _why_not_on(one) == ""}


def _several_could_be_meant(options: Mapping[int, Owed]) -> str:
    numbers = [invoice.number for invoice, _ in options.values()]
    if len(set(numbers)) == 1:
        return f"{len(numbers)} invoices have the number {numbers[0]}: say which of them is meant."
    return f"More than one invoice could be meant: {first_of(numbers, _MOST_NUMBERS)}."


def _placed(payment: IncomingFacts, meant: Sequence[Owed], *, is_certain: bool) -> Match:
    for one in meant:
        if question := _why_not_on(one, payment.currency):
            return Match(question=question)
    balances = {invoice.id: invoice.total_cents - paid for invoice, paid in meant}
    open_cents = sum(balances.values())
    if payment.amount_cents == open_cents:
        return Match(balances)
    return _placed_in_part(payment, meant, open_cents, is_certain=is_certain)


def _placed_in_part(payment: IncomingFacts, meant: Sequence[Owed], open_cents: int, *, is_certain: bool) -> Match:
    numbers = first_of([invoice.number for invoice, _ in meant], _MOST_NUMBERS)
    amount, left = amount_text(payment.amount_cents), f"{amount_text(open_cents)} {payment.currency}"
    if len(meant) > 1:
        return Match(question=f"It names invoices {numbers}, on which {left} is open together, not {amount}.")
    if payment.amount_cents > open_cents:
        return Match(question=f"It is more than is open on invoice {numbers}: {left}.")
    if not is_certain:
        return Match(question=f"It may be for invoice {numbers}, but {left} is open there, not {amount}.")
    return Match({meant[0][0].id: payment.amount_cents})


def _why_not_on(owed: Owed, currency: str = "") -> str:
    """Return "" if money can be placed on the invoice without asking; without a currency, in any."""
    invoice, paid_cents = owed
    state = lifecycle_state(invoice)
    if state is not LifecycleState.ISSUED:
        return f"Invoice {invoice.number} is {state.value}."
    if currency and invoice.currency != currency:
        return f"Invoice {invoice.number} is in {invoice.currency}, and this is in {currency}."
    if invoice.total_cents <= paid_cents:
        return f"Nothing is open on invoice {invoice.number}: it may have been paid twice."
    if invoice.disputed:
        return f"Invoice {invoice.number} is disputed: say what the money is for."
    return ""
