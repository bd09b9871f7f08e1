"""Incoming payments: received once, recorded where that is certain, else left to a person as a question."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from app.actions import incoming_questions, payments
from app.domain import incoming_payment as rules
from app.domain.advance_payment import AdvancePayment
from app.domain.confirmation import Confirmation, UnconfirmedError
from app.domain.incoming_payment import LONGEST_REFERENCE, IncomingFacts, IncomingPayment, IncomingState
from app.domain.incoming_payment_reference import possible_keys
from app.domain.payment_batch import PaymentBatch
from app.domain.sentences import amount_text
from app.store.access import audit
from app.store.access.hashes import hash_of
from app.store.access.users import User
from app.store.db import current_user
from app.store.db.transactions import transaction
from app.store.ledger import payment_batches
from app.store.ledger.incoming_payments import received


class IncomingConflictError(Exception):
    """The provider's id came before with another amount or currency; the message is one sentence."""


class IncomingRefusedError(Exception):
    """It is no question any more, or the amounts do not add up to it; the message is one sentence."""


def receive(facts: IncomingFacts, by: User, now: datetime, today: date) -> IncomingPayment:
    """Take it in, at most once for each provider and id, and record it if it is certain which invoices it pays.

    Raises IncomingConflictError; then nothing is changed.
    """
    with transaction():
        incoming_id = received.insert(facts, by.id, current_user.actor().program, now)
        if incoming_id is None:
            return _received_before(facts)
        _audit(by, "received", incoming_id, _details(facts), now)
        match = _matched(facts, today)
        if match.amounts:
            match = _recorded(incoming_id, facts, match, by, now, today)
        if match.question:
            incoming_questions.ask(incoming_id, match.question, now)
        return received.get(incoming_id)


def place(
    incoming_id: int,
    amounts: Mapping[int, int],
    by: User,
    now: datetime,
    today: date,
    confirmed: Collection[Confirmation] = (),
) -> IncomingPayment:
    """Record a question for these invoices, by id; the cents must add up to its amount.

    Raises MissingError, IncomingRefusedError, and what `payments.record` raises; then nothing was recorded.
    """
    with transaction(), _answering(incoming_id) as incoming:
        placed = sum(amounts.values())
        if placed != incoming.facts.amount_cents:
            raise IncomingRefusedError(
                f"{amount_text(abs(placed))} is placed, and {amount_text(abs(incoming.facts.amount_cents))} came in: "
                "place all of it."
            )
        recorded = payments.record(_batch(incoming, amounts), by, now, today, confirmed)
        _record(incoming_id, recorded.payment_ids, by, now)
        return received.get(incoming_id)


def keep_as_credit(
    incoming_id: int,
    customer_id: int,
    ledger: str,
    by: User,
    now: datetime,
    today: date,
    confirmed: Collection[Confirmation] = (),
) -> IncomingPayment:
    """Record a question as an advance payment of the customer; raises as `place` does."""
    with transaction(), _answering(incoming_id) as incoming:
        if incoming.facts.amount_cents <= 0:
            raise IncomingRefusedError("Only money that came in can be kept as credit.")
        facts = incoming.facts
        advance = AdvancePayment(
            key=_key(incoming),
            customer_id=customer_id,
            ledger=ledger,
            currency=facts.currency,
            cents=facts.amount_cents,
            paid_on=facts.paid_on,
            method=facts.method,
            reference=facts.reference[:LONGEST_REFERENCE],
            source=facts.provider,
        )
        recorded = payments.record_advance(advance, by, now, today, confirmed)
        _record(incoming_id, recorded.payment_ids, by, now)
        return received.get(incoming_id)


def dismiss(incoming_id: int, reason: str, by: User, now: datetime) -> None:
    """Say that a question is no payment of an invoice; raises MissingError or IncomingRefusedError."""
    with transaction(), _answering(incoming_id):
        received.dismiss(incoming_id, reason, by.id, now)
        _audit(by, "dismissed", incoming_id, {"reason": reason}, now)


def undo_dismissal(incoming_id: int, by: User, now: datetime) -> None:
    """Make a dismissed one a question again; raises MissingError or IncomingRefusedError."""
    with transaction():
        incoming = received.lock(incoming_id)
        if incoming.state is not IncomingState.DISMISSED:
            raise IncomingRefusedError("It is not dismissed any more.")
        incoming_questions.ask(incoming_id, incoming.question, now)
        _audit(by, "reopened", incoming_id, {}, now)


@contextmanager
def _answering(incoming_id: int) -> Iterator[IncomingPayment]:
    incoming = received.lock(incoming_id)
    if incoming.state is not IncomingState.QUESTION:
        raise IncomingRefusedError(f"This has been answered already. {incoming.sentence}")
    yield incoming


def _received_before(facts: IncomingFacts) -> IncomingPayment:
    before = received.of_provider(facts)
    sent, stored = (facts.amount_cents, facts.currency), (before.facts.amount_cents, before.facts.currency)
    if sent != stored:
        raise IncomingConflictError(
            f"{facts.provider} sent {facts.provider_payment_id} before, of {amount_text(stored[0])} {stored[1]}: "
            "nothing was changed."
        )
    return before


def _matched(facts: IncomingFacts, today: date) -> rules.Match:
    """Decide with the invoices locked, so that what is open on them stays as it is until it is recorded."""
    reference = received.normalised(facts.reference)
    ids = received.owed_by_number(possible_keys(reference))
    invoices = payment_batches.locked_invoices(one for found in ids.values() for one in found)
    owed = {key: [invoices[one] for one in found] for key, found in ids.items()}
    return rules.match(facts, reference, owed, today)


def _recorded(
    incoming_id: int, facts: IncomingFacts, match: rules.Match, by: User, now: datetime, today: date
) -> rules.Match:
    incoming = replace(received.get(incoming_id), facts=facts)
    try:
        recorded = payments.record(_batch(incoming, match.amounts), by, now, today)
    except (payments.PaymentRefusedError, UnconfirmedError) as error:
        return rules.Match(question=str(error))
    _record(incoming_id, recorded.payment_ids, by, now)
    return match


def _record(incoming_id: int, payment_ids: Collection[int], by: User, now: datetime) -> None:
    received.record(incoming_id, payment_ids, by.id, now)
    _audit(by, "recorded", incoming_id, {"payments": sorted(payment_ids)}, now)


def _batch(incoming: IncomingPayment, amounts: Mapping[int, int]) -> PaymentBatch:
    facts = incoming.facts
    return PaymentBatch(
        key=_key(incoming),
        paid_on=facts.paid_on,
        amounts=amounts,
        method=facts.method,
        reference=facts.reference[:LONGEST_REFERENCE],
        currency=facts.currency,
        source=facts.provider,
    )


def _key(incoming: IncomingPayment) -> str:
    """Return the idempotency key of its payments: another one after they were voided."""
    facts = incoming.facts
    return hash_of(f"incoming payment:{facts.provider}:{facts.provider_payment_id}:{len(incoming.parts)}")


def _details(facts: IncomingFacts) -> dict[str, Any]:
    names = ("provider", "provider_payment_id", "amount_cents", "currency", "paid_on", "reference", "payer", "method")
    return {name: value for name in names if (value := getattr(facts, name)) != ""}


def _audit(by: User, what: str, incoming_id: int, after: Mapping[str, Any], now: datetime) -> None:
    audit.append(by, f"incoming_payment.{what}", f"incoming_payment:{incoming_id}", after=after, now=now)
