"""Invoices: their status on a day, derived and never stored."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from app.domain.as_of import AsOf


class Status(StrEnum):
    """The status of an invoice on a day; a person sets the first three, the rest follow from the amounts and dates."""

    DRAFT = "draft"
    VOID = "void"
    WRITTEN_OFF = "written off"
    PAID = "paid"
    OVERDUE = "overdue"
    PARTIAL = "partial"
    OPEN = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceFacts:
    """What people enter; the rest of an invoice is changed by actions."""

    number: str
    customer_id: int
    issued_on: date
    due_on: date
    currency: str
    total_cents: int
    ledger: str
    reference: str = ""
    notes: str = ""
    draft: bool = False
    own_fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice(InvoiceFacts):
    id: int
    disputed: bool
    voided_at: datetime | None
    void_reason: str
    written_off_at: datetime | None
    write_off_reason: str
    version: int


class LifecycleState(StrEnum):
    """The state that a person has set, regardless of the day."""

    DRAFT = "draft"
    VOID = "void"
    WRITTEN_OFF = "written off"
    ISSUED = "issued"


def lifecycle_state(invoice: Invoice) -> LifecycleState:
    if invoice.draft:
        return LifecycleState.DRAFT
    if invoice.voided_at is not None:
        return LifecycleState.VOID
    if invoice.written_off_at is not None:
        return LifecycleState.WRITTEN_OFF
    return LifecycleState.ISSUED


def is_in_scope(invoice: Invoice, as_of: AsOf) -> bool:
    """Return whether the invoice was a receivable at the end of the day, settled or not."""
    return (
        invoice.issued_on <= as_of.day
        and not invoice.draft
        and not as_of.has_seen(invoice.voided_at)
        and not as_of.has_seen(invoice.written_off_at)
    )


def status(invoice: Invoice, paid_cents: int, as_of: AsOf) -> Status:
    """Return the status at the end of the day, given the cents paid by then."""
    if invoice.draft:
        return Status.DRAFT
    if as_of.has_seen(invoice.voided_at):
        return Status.VOID
    if as_of.has_seen(invoice.written_off_at):
        return Status.WRITTEN_OFF
    if invoice.total_cents - paid_cents <= 0:
        return Status.PAID
    if invoice.due_on < as_of.day:
        return Status.OVERDUE
    return Status.PARTIAL if paid_cents > 0 else Status.OPEN


def days_late(due_on: date, day: date) -> int:
    """Return 0 on the due date, negative numbers before it."""
    return (day - due_on).days
