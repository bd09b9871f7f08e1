"""Receivables: the balance of each invoice in scope at the end of a day, as SQL."""

from functools import partial, reduce
from operator import or_
from typing import Any

from peewee import JOIN, Case, Expression, Select, fn

from app.domain.as_of import AsOf
from app.store.db.cache import cached
from app.store.db.compiled_queries import Slot, compiled
from app.store.db.tables import InvoiceModel, PaymentModel, database
from app.store.ledger.partition_totals import PartitionFilter


class Position:
    """SQL expressions over `tables.InvoiceModel`: each invoice's paid amount and balance at the end of a day.

    `InvoiceModel.paid_cents` is the sum of all payments. Payments after the day are subtracted from it, so the query
    is cheaper the fewer there are; for today there are usually none.
    """

    def __init__(self, as_of: AsOf, within: PartitionFilter | None = None, *, for_good: bool | None = None) -> None:
        """With `within`, only those invoices' later payments are read: use the expressions for no other invoices.

        `for_good` is what `is_for_good` returned, for queries whose SQL must follow from their arguments.
        """
        for_good = is_for_good(as_of) if for_good is None else for_good
        self._later = None if for_good else _paid_later(as_of, within)
        self.is_in_scope = (InvoiceModel.issued_on <= as_of.day) & is_active()
        self.paid_cents: Any = InvoiceModel.paid_cents
        if self._later is not None:
            self.is_in_scope = is_in_scope(as_of)
            self.paid_cents = InvoiceModel.paid_cents - fn.COALESCE(self._later.c.cents, 0)
        self.left_cents = InvoiceModel.total_cents - self.paid_cents
        self.balance_cents = Case(None, [(self.is_in_scope, self.left_cents)], 0)

    @property
    def has_balance(self) -> Expression:
        """Select receivables with a balance or a credit."""
        differs = is_unsettled() if self._later is None else self.left_cents != 0
        return self.is_in_scope & differs

    @property
    def is_owed(self) -> Expression:
        """Select receivables on which something was left to pay."""
        return self.has_balance & (self.left_cents > 0)

    @property
    def has_credit(self) -> Expression:
        """Select receivables on which more was paid than they ask for."""
        return self.has_balance & (self.left_cents < 0)

    def joined(self, query: Any) -> Any:
        if self._later is None:
            return query
        return query.join_from(
            InvoiceModel, self._later, JOIN.LEFT_OUTER, on=(self._later.c.invoice_id == InvoiceModel.id)
        )


@cached
def is_for_good(as_of: AsOf) -> bool:
    """Return whether no payment, void or write-off lies after the day, so that the stored `paid_cents` is right."""
    ((is_any_later,),) = _is_any_later(as_of.day, as_of.ended_at)
    return not is_any_later


# A plan for all days would read every payment, to find that none lies after today.
@partial(compiled, keep_plan=False)
def _is_any_later(day: Slot, ended_at: Slot) -> Any:
    later = (
        PaymentModel.select().where(PaymentModel.paid_on > day.value, PaymentModel.voided_at.is_null()),
        PaymentModel.select().where(PaymentModel.voided_at >= ended_at.of(PaymentModel.voided_at)),
        InvoiceModel.select().where(InvoiceModel.voided_at >= ended_at.of(InvoiceModel.voided_at)),
        InvoiceModel.select().where(InvoiceModel.written_off_at >= ended_at.of(InvoiceModel.written_off_at)),
    )
    return Select(columns=[reduce(or_, (fn.EXISTS(query) for query in later))]).bind(database.obj)


def _paid_later(as_of: AsOf, within: PartitionFilter | None) -> Any:
    """Select, by invoice, the cents to subtract from `paid_cents`: later payments, less payments voided only later."""
    # Its own alias: the result is joined into queries that may read payments themselves.
    payment = PaymentModel.alias("later")
    came = payment.voided_at.is_null() & (payment.paid_on > as_of.day)
    went = (payment.voided_at >= as_of.ended_at) & (payment.paid_on <= as_of.day)
    is_later = (came | went) & within(payment.invoice) if within else came | went
    cents = Case(None, [(payment.voided_at.is_null(), payment.amount_cents)], 0 - payment.amount_cents)
    return (
        payment.select(payment.invoice.alias("invoice_id"), fn.SUM(cents).alias("cents"))
        .where(is_later)
        .group_by(payment.invoice)
        .alias("paid_later")
    )


def is_in_scope(as_of: AsOf) -> Expression:
    """Write `app.domain.invoice.is_in_scope` as SQL."""
    return was_sold(as_of) & ~has_seen(InvoiceModel.written_off_at, as_of)


def was_sold(as_of: AsOf) -> Expression:
    """Select invoices that were issued and not void; one that was written off was still a sale."""
    return (
        (InvoiceModel.issued_on <= as_of.day) & (InvoiceModel.draft == False) & ~has_seen(InvoiceModel.voided_at, as_of)
    )


def is_active() -> Expression:
    """Select invoices that are neither draft nor void nor written off, on whatever day that happened."""
    # With `is_unsettled` the condition of the partial index `invoices_open`: it must be written as it is there.
    return (InvoiceModel.draft == False) & InvoiceModel.voided_at.is_null() & InvoiceModel.written_off_at.is_null()


def is_unsettled() -> Expression:
    """Select invoices whose payments do not add up to their total."""
    return InvoiceModel.paid_cents != InvoiceModel.total_cents


def payment_counts(payment: Any, as_of: AsOf) -> Expression:
    """Select payments that count on the day: `app.domain.payment.counts` as SQL."""
    return (payment.paid_on <= as_of.day) & (payment.voided_at.is_null() | (payment.voided_at >= as_of.ended_at))


def has_seen(moment: Any, as_of: AsOf) -> Expression:
    """Write `AsOf.has_seen` as SQL."""
    return ~moment.is_null() & (moment < as_of.ended_at)
