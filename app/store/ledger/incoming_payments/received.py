"""Incoming payments as rows: unique by provider and id, with the payments that they became."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from peewee import JOIN, fn

from app.domain.incoming_payment import IncomingFacts, IncomingPart, IncomingPayment, IncomingState
from app.domain.paging import PAGE_LENGTH
from app.store.db import current_user, tables
from app.store.db.current_user import seeing_everything
from app.store.db.locks import locked
from app.store.db.missing_records import existing_or_raise
from app.store.ledger.snapshot import compared

_Incoming, _Part = tables.IncomingPaymentModel, tables.IncomingPaymentPartModel
_Payment, _Invoice, _Customer = tables.PaymentModel, tables.InvoiceModel, tables.CustomerModel
_MOST_KEYS = 20_000  # PostgreSQL takes 65,535 parameters, and payers choose how many a page of references needs
_FACTS = tuple(getattr(_Incoming, fact.name) for fact in fields(IncomingFacts))


def insert(facts: IncomingFacts, received_by: int, program: str, now: datetime) -> int | None:
    """Insert it as a question; return None if the provider's id is there already.

    Waits for a transaction in progress that inserted it.
    """
    row = _Incoming.insert(
        **asdict(facts), state=IncomingState.QUESTION, received_by=received_by, program=program, received_at=now
    )
    if not row.on_conflict_ignore().as_rowcount().execute():
        return None
    return _Incoming.get(_is(facts)).id


def of_provider(facts: IncomingFacts) -> IncomingPayment:
    """Return the one with the provider's id; raises MissingError."""
    return existing_or_raise(next(iter(_found(_is(facts))), None), "incoming payment")


def get(incoming_id: int) -> IncomingPayment:
    """Raise MissingError if there is none that the user may see."""
    return existing_or_raise(next(iter(_found(_Incoming.id == incoming_id)), None), "incoming payment")


def lock(incoming_id: int) -> IncomingPayment:
    """Return it, locked until the transaction ends; raises MissingError."""
    row = locked(_Incoming.select(_Incoming.id).where(_Incoming.id == incoming_id)).tuples().first()
    existing_or_raise(row, "incoming payment")
    return get(incoming_id)


def following(state: str, after_id: int, length: int) -> list[IncomingPayment]:
    """Return the next `length` with an id above `after_id`, by id; "" is any state (keyset pagination)."""
    return _found(_is_in(state) & (_Incoming.id > after_id), _Incoming.id, limit=length)


def page_of(state: IncomingState, page: int) -> list[IncomingPayment]:
    """Return one page of those in the state, newest first."""
    return _found(_is_in(state), _Incoming.id.desc(), limit=PAGE_LENGTH, offset=(page - 1) * PAGE_LENGTH)


def count(state: IncomingState) -> int:
    return _Incoming.select().where(_is_in(state), _is_visible()).count()


def ask(incoming_id: int, question: str) -> None:
    """Make it a question, whatever it was."""
    _write(incoming_id, state=IncomingState.QUESTION, question=question, dismissal="")


def dismiss(incoming_id: int, reason: str, by: int, now: datetime) -> None:
    _write(incoming_id, state=IncomingState.DISMISSED, dismissal=reason, decided_by=by, decided_at=now)


def record(incoming_id: int, payment_ids: Iterable[int], by: int, now: datetime) -> None:
    _Part.insert_many([{"incoming_payment": incoming_id, "payment": one} for one in payment_ids]).execute()
    _write(incoming_id, state=IncomingState.RECORDED, dismissal="", decided_by=by, decided_at=now)


def became(payment_ids: Collection[int]) -> dict[int, IncomingPayment]:
    """Return by payment the incoming payment that it came from, in or out of the user's scope."""
    if not payment_ids:
        return {}
    with seeing_everything():
        rows: Any = _Part.select(_Part.payment, _Part.incoming_payment).where(_Part.payment.in_(sorted(payment_ids)))
        by_payment = dict(rows.tuples())
        ids = sorted(set(by_payment.values()))
        found = {one.id: one for one in _found(_Incoming.id.in_(ids))} if ids else {}
    return {payment_id: found[incoming_id] for payment_id, incoming_id in by_payment.items()}


def owed_by_number(keys: Collection[str]) -> dict[str, list[int]]:
    """Return the ids of the invoices with these normalised numbers, by number; advance payments are no invoices."""
    found: dict[str, list[int]] = defaultdict(list)
    in_order = sorted(keys)
    for start in range(0, len(in_order), _MOST_KEYS):
        part = in_order[start : start + _MOST_KEYS]
        rows: Any = _Invoice.select(_Invoice.number_key, _Invoice.id).where(
            _Invoice.number_key.in_(part), _Invoice.total_cents != 0
        )
        for key, invoice_id in rows.tuples():
            found[key].append(invoice_id)
    return found


def normalised(text: str) -> str:
    return compared(text)


def _is(facts: IncomingFacts) -> Any:
    return (_Incoming.provider == facts.provider) & (_Incoming.provider_payment_id == facts.provider_payment_id)


def _is_in(state: str) -> Any:
    return _Incoming.state == state if state else _Incoming.id > 0


def _is_visible() -> Any:
    """Select, for a user with a scope, what is recorded for invoices of that scope alone."""
    scope = current_user.scope()
    if scope.is_everything:
        return _Incoming.id > 0
    return _Incoming.id.in_(_counting(tables.within(_Invoice, scope))) & _Incoming.id.not_in(
        _counting(~tables.within(_Invoice, scope))
    )


def _counting(which: Any) -> Any:
    with seeing_everything():
        parts = _Part.select(_Part.incoming_payment).join(_Payment).join(_Invoice)
    return parts.where(_Payment.voided_at.is_null(), which)


def _found(which: Any, *order: Any, limit: int | None = None, offset: int = 0) -> list[IncomingPayment]:
    receiver, decider = tables.UserModel.alias("receiver"), tables.UserModel.alias("decider")
    columns = (_Incoming.id, _Incoming.state, _Incoming.question, _Incoming.dismissal, _Incoming.received_at)
    people = (_name(receiver), _Incoming.program, _Incoming.decided_at, _name(decider))
    rows: Any = (
        _Incoming.select(*columns, *people, *_FACTS)
        .join(receiver, JOIN.LEFT_OUTER, on=(_Incoming.received_by == receiver.id))
        .join_from(_Incoming, decider, JOIN.LEFT_OUTER, on=(_Incoming.decided_by == decider.id))
        .where(which, _is_visible())
        .order_by(*order)
        .limit(limit)
        .offset(offset)
        .tuples()
    )
    found = list(rows)
    parts = _parts([row[0] for row in found])
    return [_incoming(row, parts) for row in found]


def _incoming(row: Sequence[Any], parts: Mapping[int, Sequence[IncomingPart]]) -> IncomingPayment:
    incoming_id, state, question, dismissal, received_at, received_by, program, decided_at, decided_by, *facts = row
    named = dict(zip((fact.name for fact in fields(IncomingFacts)), facts, strict=True))
    return IncomingPayment(
        id=incoming_id,
        facts=IncomingFacts(**named),
        state=IncomingState(state),
        question=question,
        dismissal=dismissal,
        received_at=received_at,
        received_by=received_by,
        program=program,
        decided_at=decided_at,
        decided_by=decided_by,
        parts=tuple(parts.get(incoming_id, ())),
    )


def _parts(incoming_ids: Collection[int]) -> dict[int, list[IncomingPart]]:
    """Return the payments of all of them, by incoming payment."""
    names = (_Payment.id, _Invoice.id, _Invoice.number, _Customer.id, _Customer.name)
    found: dict[int, list[IncomingPart]] = defaultdict(list)
    if not incoming_ids:
        return found
    rows: Any = (
        _Part.select(_Part.incoming_payment, *names, _Payment.amount_cents, _Payment.voided_at)
        .join(_Payment)
        .join(_Invoice)
        .join(_Customer)
        .where(_Part.incoming_payment.in_(sorted(incoming_ids)), tables.within(_Invoice, current_user.scope()))
        .order_by(_Part.id)
    )
    part_names = [part.name for part in fields(IncomingPart)]
    for incoming_id, *values in rows.tuples():
        found[incoming_id].append(IncomingPart(**dict(zip(part_names, values, strict=True))))
    return found


def _name(user: Any) -> Any:
    return fn.COALESCE(fn.NULLIF(user.name, ""), user.email, "")


def _write(incoming_id: int, **values: Any) -> None:
    _Incoming.update(values).where(_Incoming.id == incoming_id).execute()
