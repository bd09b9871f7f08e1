"""Receivables: what each invoice in scope still had open at the end of a day, computed by the database."""

from dataclasses import dataclass
from typing import Any

from peewee import JOIN, Case, Expression, fn

from app.domain.ageing import Balances
from app.domain.as_of import AsOf
from app.store.tables import Customer, Invoice, Payment


def balances(as_of: AsOf) -> list[Balances]:
    """Return what was open and what was overpaid, by currency and due date."""
    paid = paid_by_invoice(as_of)
    balance = Invoice.total_cents - fn.COALESCE(paid.c.paid_cents, 0)
    rows: Any = (
        Invoice.select(
            Invoice.currency,
            Invoice.due_on,
            fn.SUM(Case(None, [(balance > 0, 1)], 0)),
            fn.SUM(Case(None, [(balance > 0, balance)], 0)),
            # `-balance` would be an order to peewee, not a sum.
            fn.SUM(Case(None, [(balance < 0, 0 - balance)], 0)),
        )
        .join(paid, JOIN.LEFT_OUTER, on=(paid.c.invoice_id == Invoice.id))
        .where(is_in_scope(as_of))
        .group_by(Invoice.currency, Invoice.due_on)
        .order_by(Invoice.currency, Invoice.due_on)
        .tuples()
    )
    return [
        Balances(currency, due_on, int(open_invoices), int(open_cents), int(credit_cents))
        for currency, due_on, open_invoices, open_cents, credit_cents in rows
    ]


def paid_by_invoice(as_of: AsOf) -> Any:
    """Select what had been paid for each invoice; the SQL of `app.domain.payment.paid_cents`."""
    # Its own alias: the result is joined into queries that may read payments themselves.
    payment = Payment.alias("counted")
    return (
        payment.select(payment.invoice.alias("invoice_id"), fn.SUM(payment.amount_cents).alias("paid_cents"))
        .where(payment.paid_on <= as_of.day, ~has_seen(payment.voided_at, as_of))
        .group_by(payment.invoice)
        .alias("paid")
    )


def is_in_scope(as_of: AsOf) -> Expression:
    """Select invoices that were receivables; the SQL of `app.domain.invoice.is_in_scope`."""
    scope: Expression = (
        (Invoice.issued_on <= as_of.day)
        & (Invoice.draft == False)  # noqa: E712  # SQL, not Python
        & ~has_seen(Invoice.voided_at, as_of)
        & ~has_seen(Invoice.written_off_at, as_of)
    )
    return scope


def has_seen(moment: Any, as_of: AsOf) -> Expression:
    """Compare a column of moments; the SQL of `AsOf.has_seen`."""
    seen: Expression = ~moment.is_null() & (moment < as_of.ended_at)
    return seen


@dataclass(frozen=True, slots=True)
class CustomerBalance:
    """What one customer owed in one currency at the end of a day."""

    code: str
    name: str
    currency: str
    open_invoices: int
    outstanding_cents: int
    overdue_cents: int
    credit_cents: int


def balances_by_customer(as_of: AsOf) -> list[CustomerBalance]:
    """Return who owed or was owed anything, the largest debt of each currency first."""
    paid = paid_by_invoice(as_of)
    balance = Invoice.total_cents - fn.COALESCE(paid.c.paid_cents, 0)
    owed = fn.SUM(Case(None, [(balance > 0, balance)], 0))
    rows: Any = (
        Invoice.select(
            Customer.code,
            Customer.name,
            Invoice.currency,
            fn.SUM(Case(None, [(balance > 0, 1)], 0)),
            owed.alias("owed"),
            fn.SUM(Case(None, [((balance > 0) & (Invoice.due_on < as_of.day), balance)], 0)),
            fn.SUM(Case(None, [(balance < 0, 0 - balance)], 0)),
        )
        .join(Customer)
        .switch(Invoice)
        .join(paid, JOIN.LEFT_OUTER, on=(paid.c.invoice_id == Invoice.id))
        .where(is_in_scope(as_of))
        .group_by(Customer.code, Customer.name, Invoice.currency)
        .having(fn.SUM(Case(None, [(balance != 0, 1)], 0)) > 0)
        .order_by(Invoice.currency, owed.desc(), Customer.code)
        .tuples()
    )
    return [CustomerBalance(code, name, currency, *map(int, figures)) for code, name, currency, *figures in rows]
