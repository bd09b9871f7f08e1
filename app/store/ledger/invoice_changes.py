"""Changes of invoices: each in one transaction, audited, and refused if the invoice has changed since it was read."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from peewee import IntegrityError

from app.domain.invoice import Invoice
from app.domain.invoice_changes import InvoiceFacts, StatusChange, why_not, why_not_edit
from app.domain.own_fields import changes
from app.store.access import audit
from app.store.access.users import User
from app.store.db import current_user, tables
from app.store.db.current_user import seeing_everything
from app.store.db.database import locked, transaction
from app.store.ledger.snapshot import compared

_INVOICE = tuple(getattr(tables.InvoiceModel, fact.name) for fact in fields(Invoice))


class NumberTakenError(Exception):
    """The customer already has an invoice with that number; `invoice_id` is None if the user may not see it."""

    def __init__(self, invoice_id: int | None) -> None:
        super().__init__("This customer has an invoice with this number already.")
        self.invoice_id = invoice_id


class InvoiceConflictError(Exception):
    """The invoice has changed since it was shown; `invoice` is its current state."""

    def __init__(self, invoice: Invoice) -> None:
        super().__init__("Somebody else has changed this invoice since it was shown.")
        self.invoice = invoice


class InvoiceRefusedError(Exception):
    """The change breaks a rule; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class SeenVersion:
    """The id and version of the invoice that the user saw before changing it."""

    invoice_id: int
    version: int


def create(facts: InvoiceFacts, by: User, now: datetime) -> int:
    """Add an invoice and return its id; raises NumberTakenError, or LookupError outside the current user's scope."""
    _refuse_outside_scope(facts)
    with _one_of_a_number(facts), transaction():
        _refuse_a_taken_number(facts, None)
        row = tables.InvoiceModel.create(**_columns(facts))
        audit.append(by, "invoice.created", f"invoice:{row.id}", before={}, after=_non_empty(asdict(facts)), now=now)
        invoice_id: int = row.id
        return invoice_id


def edit(seen: SeenVersion, facts: InvoiceFacts, by: User, now: datetime) -> bool:
    """Save the values and return whether any differed; raises the errors of `create` and `say`."""
    _refuse_outside_scope(facts)
    with _one_of_a_number(facts, seen.invoice_id), transaction():
        invoice, paid_cents = _as_seen(seen)
        before = {name: getattr(invoice, name) for name in asdict(facts)}
        was, after = changes(before, asdict(facts)), changes(asdict(facts), before)
        if not after:
            return False
        refusal = why_not_edit(invoice, facts, paid_cents, has_payments=_has_payments(seen.invoice_id))
        if refusal:
            raise InvoiceRefusedError(refusal)
        _refuse_a_taken_number(facts, seen.invoice_id)
        _write(seen, _columns(facts))
        audit.append(by, "invoice.edited", f"invoice:{seen.invoice_id}", before=was, after=after, now=now)
        return True


def change_status(change: StatusChange, reason: str, seen: SeenVersion, by: User, now: datetime) -> None:
    """Void, write off, reinstate or dispute an invoice, or settle its dispute.

    Raises LookupError, InvoiceConflictError or InvoiceRefusedError.
    """
    with transaction():
        invoice, paid_cents = _as_seen(seen)
        refusal = why_not(change, invoice, paid_cents)
        if refusal:
            raise InvoiceRefusedError(refusal)
        _write(seen, _VALUES[change](reason, now))
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


def _refuse_outside_scope(facts: InvoiceFacts) -> None:
    if not current_user.scope().covers(facts.customer_id, facts.ledger):
        raise LookupError("You may not see invoices of this customer in this ledger.")


def _as_seen(seen: SeenVersion) -> tuple[Invoice, int]:
    query = tables.InvoiceModel.select(*_INVOICE, tables.InvoiceModel.paid_cents).where(
        tables.InvoiceModel.id == seen.invoice_id
    )
    row: Any = locked(query).tuples().first()
    if row is None:
        raise LookupError("There is no such invoice.")
    invoice = Invoice(*row[:-1])
    if invoice.version != seen.version:
        raise InvoiceConflictError(invoice)
    return invoice, row[-1]


def _write(seen: SeenVersion, values: Mapping[str, Any]) -> None:
    # The next import detects by the version that the invoice was edited in the app since the last import.
    invoice = tables.InvoiceModel
    invoice.update({**values, "version": invoice.version + 1}).where(invoice.id == seen.invoice_id).execute()


def _has_payments(invoice_id: int) -> bool:
    active = (tables.PaymentModel.invoice == invoice_id) & tables.PaymentModel.voided_at.is_null()
    found: bool = tables.PaymentModel.select().where(active).exists()
    return found


@contextmanager
def _one_of_a_number(facts: InvoiceFacts, own_id: int | None = None) -> Iterator[None]:
    """Raise NumberTakenError too if another transaction takes the number between our check and our write."""
    try:
        yield
    except IntegrityError:
        _refuse_a_taken_number(facts, own_id)
        raise


def _refuse_a_taken_number(facts: InvoiceFacts, own_id: int | None) -> None:
    invoice = tables.InvoiceModel
    taken = (invoice.number_key == compared(facts.number)) & (invoice.customer == facts.customer_id)
    other = taken & (invoice.id != (own_id or 0))
    found = invoice.select(invoice.id).where(other).first()
    if found is not None:
        raise NumberTakenError(found.id)
    with seeing_everything():
        if invoice.select().where(other).exists():
            raise NumberTakenError(None)


def _columns(facts: InvoiceFacts) -> dict[str, Any]:
    values = asdict(facts)
    customer_id = values.pop("customer_id")
    return {**values, "customer": customer_id, "number_key": compared(facts.number)}


def _non_empty(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in ("", False, {})}
