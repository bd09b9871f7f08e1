"""Invoices that a question about an incoming payment may be for: named, of the same amount, or of the payer."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any

from peewee import Case

from app.domain.incoming_payment import IncomingPayment
from app.domain.incoming_payment_reference import possible_keys
from app.domain.invoice import Invoice, LifecycleState, lifecycle_state
from app.store.db import tables
from app.store.ledger import columns
from app.store.ledger.incoming_payments.received import normalised, owed_by_number
from app.store.ledger.receivables import is_active

_Invoice, _Customer = tables.InvoiceModel, tables.CustomerModel
_MOST = 3
_NAMED = "named in the reference"
_MOST_FOUND = 500


@dataclass(frozen=True, slots=True)
class Placement:
    """Cents that would be placed on an invoice, and what is open on it before; both are positive for a refund too."""

    invoice: Invoice
    customer_name: str
    paid_cents: int
    cents: int

    @property
    def open_cents(self) -> int:
        return self.invoice.total_cents - self.paid_cents


@dataclass(frozen=True, slots=True)
class Suggestion:
    """All of an incoming payment, placed; `why` says what speaks for it."""

    placements: tuple[Placement, ...]
    why: str


def suggestions(asked: Sequence[IncomingPayment]) -> dict[int, list[Suggestion]]:
    """Return at most three for each, by id, the most likely first; a page takes hardly more queries than one."""
    named = {one.id: possible_keys(normalised(one.facts.reference)) for one in asked}
    by_number = owed_by_number(frozenset[str]().union(*named.values()))
    payers = {normalised(one.facts.payer) for one in asked} - {""}
    found = _found(
        {invoice_id for ids in by_number.values() for invoice_id in ids},
        {one.facts.amount_cents for one in asked if one.facts.amount_cents > 0},
        _customers_called(payers),
    )
    return {one.id: _best(one, found, {i for key in named[one.id] for i in by_number.get(key, ())}) for one in asked}


def _best(asked: IncomingPayment, found: Sequence[Placement], named: set[int]) -> list[Suggestion]:
    """Suggest nothing twice; of a refund, only what its reference names."""
    cents = abs(asked.facts.amount_cents)
    able = [replace(one, cents=cents) for one in found if cents and one.invoice.currency == asked.facts.currency]
    by_name = [one for one in able if one.invoice.id in named]
    if asked.facts.amount_cents < 0:
        return [Suggestion((one,), _NAMED) for one in by_name if one.paid_cents >= cents][:_MOST]
    best: dict[tuple[int, ...], Suggestion] = {}
    for suggestion in _ranked(
        [one for one in able if one.open_cents > 0], by_name, normalised(asked.facts.payer), cents
    ):
        best.setdefault(tuple(one.invoice.id for one in suggestion.placements), suggestion)
    return list(best.values())[:_MOST]


def _ranked(able: Sequence[Placement], by_name: Sequence[Placement], payer: str, cents: int) -> Iterator[Suggestion]:
    of_payer = [one for one in able if payer and normalised(one.customer_name) == payer]
    yield from (Suggestion((one,), _NAMED) for one in by_name if one in able)
    yield from (Suggestion((one,), "same amount, and this payer") for one in of_payer if one.open_cents == cents)
    if len(of_payer) > 1 and sum(one.open_cents for one in of_payer) == cents:
        parts = (replace(one, cents=one.open_cents) for one in of_payer)
        yield Suggestion(tuple(parts), "all that this payer owes")
    yield from (Suggestion((one,), "same amount") for one in able if one.open_cents == cents)
    yield from (Suggestion((one,), "this payer") for one in of_payer if one.open_cents > cents)


def _customers_called(names: set[str]) -> list[int]:
    if not names:
        return []
    rows: Any = _Customer.select(_Customer.id, _Customer.name).where(_Customer.archived_at.is_null()).tuples()
    return [customer_id for customer_id, name in rows if normalised(name) in names]


def _found(ids: set[int], amounts: set[int], customer_ids: Sequence[int]) -> list[Placement]:
    """Return the issued invoices among them, the longest due first; of amounts and customers only what is open.

    Of more than _MOST_FOUND those of `ids` are returned before others.
    """
    is_named = _Invoice.id.in_(sorted(ids))
    left = _Invoice.total_cents - _Invoice.paid_cents
    is_open = is_active() & (left > 0) & (left.in_(sorted(amounts)) | _Invoice.customer.in_(sorted(customer_ids)))
    rows: Any = (
        _Invoice.select(*columns.INVOICE, _Customer.name, _Invoice.paid_cents)
        .join(_Customer)
        .where(is_named | is_open, _Invoice.total_cents != 0)
        .order_by(Case(None, [(is_named, 0)], 1), _Invoice.due_on, _Invoice.id)
        .limit(_MOST_FOUND)
    )
    found = (Placement(columns.invoice_of(row), row[-2], row[-1], 0) for row in rows.tuples())
    issued = (one for one in found if lifecycle_state(one.invoice) is LifecycleState.ISSUED)
    return sorted(issued, key=attrgetter("invoice.due_on"))
