"""Statements: every change of a customer's balance in one currency, from one day to another.

A line is dated on the day at whose end it first counts, so that the running balance at the end of every day is what the
customer owed less what the customer had overpaid. A payment made before its invoice counts from the invoice's issue, a
void from the day of the void, and a void or write-off removes what was left to pay. Credit that moves from one invoice
to another changes nothing that is owed, and is no line. A payment of several invoices is one line, as it is on the bank
statement, unless it counts from several days. Why something was voided or written off is left out: customers read it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from zoneinfo import ZoneInfo

from app.domain.as_of import day_of
from app.domain.invoice import Invoice
from app.domain.payment import Payment


class EntryKind(StrEnum):
    """In the order of a day's lines, as a bookkeeper reads them: what is owed, what was paid, what was taken back."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit note"
    PAYMENT = "payment"
    REFUND = "refund"
    MOVED_CREDIT = "moved credit"
    VOIDED_PAYMENT = "payment voided"
    VOID = "invoice voided"
    WRITE_OFF = "written off"


_ORDER_IN_A_DAY = {kind: place for place, kind in enumerate(EntryKind)}
_OF_PAYMENTS = {EntryKind.PAYMENT, EntryKind.REFUND, EntryKind.VOIDED_PAYMENT}


@dataclass(frozen=True, slots=True)
class StatementEntry:
    """A change of the balance from `day` on; `happened_on` is the date of the event itself.

    Only payments that were recorded as one have several invoices, by number.
    """

    day: date
    kind: EntryKind
    invoices: tuple[Invoice, ...]
    cents: int
    happened_on: date
    method: str = ""
    reference: str = ""
    batch_key: str | None = None

    @property
    def due_on(self) -> date | None:
        """Return None of what is no invoice."""
        return self.invoices[0].due_on if self.kind is EntryKind.INVOICE else None

    @property
    def title(self) -> str:
        count = len(self.invoices)
        return self.kind.value if count == 1 else f"{self.kind.value} for {count} invoices"


@dataclass(frozen=True, slots=True)
class StatementLine:
    change: StatementEntry
    balance_cents: int


@dataclass(frozen=True, slots=True)
class Statement:
    opened_on: date
    closed_on: date
    opening_cents: int
    lines: tuple[StatementLine, ...]
    closing_cents: int


def statement(
    entries: Iterable[tuple[Invoice, Sequence[Payment]]], opened_on: date, closed_on: date, zone: ZoneInfo
) -> Statement:
    changes = [change for invoice, payments in entries for change in _changes(invoice, payments, zone)]
    changes = _together([change for change in _without_moves(changes) if change.day <= closed_on])
    changes.sort(key=lambda change: (change.day, _ORDER_IN_A_DAY[change.kind], change.invoices[0].number))
    opening = balance = sum(change.cents for change in changes if change.day < opened_on)
    lines = []
    for change in changes:
        if change.day >= opened_on:
            balance += change.cents
            lines.append(StatementLine(change, balance))
    return Statement(opened_on, closed_on, opening, tuple(lines), balance)


def _without_moves(changes: Sequence[StatementEntry]) -> Iterator[StatementEntry]:
    """Leave out moved credit of days on which it adds up to nothing: the customer owes the same.

    It does not on a day when only one of the two invoices counts, such as the one that is issued later.
    """
    moved: Counter[date] = Counter()
    for change in changes:
        if change.kind is EntryKind.MOVED_CREDIT:
            moved[change.day] += change.cents
    return (change for change in changes if change.kind is not EntryKind.MOVED_CREDIT or moved[change.day])


def _together(changes: Iterable[StatementEntry]) -> list[StatementEntry]:
    """Join payments that were recorded as one, where they count from the same day."""
    alone: list[StatementEntry] = []
    batches: dict[tuple[str, EntryKind, date], list[StatementEntry]] = defaultdict(list)
    for change in changes:
        if change.batch_key and change.kind in _OF_PAYMENTS:
            batches[change.batch_key, change.kind, change.day].append(change)
        else:
            alone.append(change)
    return [*alone, *map(_joined, batches.values())]


def _joined(parts: Sequence[StatementEntry]) -> StatementEntry:
    invoices = sorted((part.invoices[0] for part in parts), key=lambda invoice: invoice.number)
    return replace(parts[0], invoices=tuple(invoices), cents=sum(part.cents for part in parts))


def _changes(invoice: Invoice, payments: Sequence[Payment], zone: ZoneInfo) -> Iterator[StatementEntry]:
    """Yield none for a draft, or if the invoice was voided or written off by its issue date."""
    is_advance = not invoice.total_cents and bool(payments)  # there is no invoice yet, and its void is its payment's
    ended_on, end = (None, EntryKind.VOID) if is_advance else _end(invoice, zone)
    if invoice.draft or (ended_on and ended_on <= invoice.issued_on):
        return
    if not is_advance:
        issued = EntryKind.INVOICE if invoice.total_cents >= 0 else EntryKind.CREDIT_NOTE
        day = invoice.issued_on
        yield StatementEntry(day, issued, (invoice,), invoice.total_cents, day, reference=invoice.reference)
    left_cents = invoice.total_cents
    for payment in payments:
        for change in _payment_changes(invoice, payment, zone):
            if ended_on is None or change.day < ended_on:
                left_cents += change.cents
                yield change
    if ended_on:
        yield StatementEntry(ended_on, end, (invoice,), -left_cents, ended_on)


def _payment_changes(invoice: Invoice, payment: Payment, zone: ZoneInfo) -> Iterator[StatementEntry]:
    since = max(payment.paid_on, invoice.issued_on)
    until = day_of(payment.voided_at, zone)
    if until and until <= since:
        return
    kind, voided = _kinds(payment)
    made = StatementEntry(
        since,
        kind,
        (invoice,),
        -payment.amount_cents,
        payment.paid_on,
        payment.method,
        payment.reference,
        payment.batch_key,
    )
    yield made
    if until:
        yield replace(made, day=until, kind=voided, cents=payment.amount_cents, happened_on=until)


def _kinds(payment: Payment) -> tuple[EntryKind, EntryKind]:
    """Return what the payment is on a statement, and what its void is."""
    if payment.moves_credit:
        return EntryKind.MOVED_CREDIT, EntryKind.MOVED_CREDIT
    return EntryKind.PAYMENT if payment.amount_cents >= 0 else EntryKind.REFUND, EntryKind.VOIDED_PAYMENT


def _end(invoice: Invoice, zone: ZoneInfo) -> tuple[date | None, EntryKind]:
    """Return the day from which the invoice is no longer a receivable, and why; on a tie the void wins."""
    voided_on, written_off_on = day_of(invoice.voided_at, zone), day_of(invoice.written_off_at, zone)
    if voided_on and (written_off_on is None or voided_on <= written_off_on):
        return voided_on, EntryKind.VOID
    return written_off_on, EntryKind.WRITE_OFF
