"""Positions: open and overpaid amounts at the end of a day, by due date and by customer."""

from dataclasses import dataclass
from typing import Any

from peewee import Case, fn

from app.domain.account import Owed
from app.domain.ageing import Balances
from app.domain.as_of import AsOf
from app.store.db.tables import CustomerModel, InvoiceModel
from app.store.ledger.partition_totals import PartitionFilter, partition, totals_by_partition
from app.store.ledger.receivables import Position, is_for_good


@dataclass(frozen=True, slots=True)
class CustomerPosition:
    code: str
    name: str
    currency: str
    owed: Owed


def by_due_date(as_of: AsOf) -> list[Balances]:
    return [
        Balances(*key, *figures) for key, figures in sorted(_by_due_date(as_of, for_good=is_for_good(as_of)).items())
    ]


def by_customer(as_of: AsOf) -> dict[tuple[int, str], Owed]:
    """Return the balances by customer id and currency, sorted by currency, the largest debt first."""
    found = ((key, Owed(*figures)) for key, figures in _by_customer(as_of, for_good=is_for_good(as_of)).items())
    return dict(sorted(found, key=lambda one: (one[0][1], -one[1].outstanding_cents, one[0][0])))


def of_customers(as_of: AsOf) -> list[CustomerPosition]:
    """Return the customers with a balance or a credit, sorted by currency, the largest debt first."""
    found = by_customer(as_of)
    rows: Any = CustomerModel.select(CustomerModel.id, CustomerModel.code, CustomerModel.name).tuples()
    labels = {customer_id: (code, name) for customer_id, code, name in rows}
    return [CustomerPosition(*labels[customer_id], currency, owed) for (customer_id, currency), owed in found.items()]


def balances(position: Position, *key: Any) -> Any:
    """Select, by key, the number of open invoices, and the open and the overpaid cents."""
    is_open = fn.SUM(Case(None, [(position.left_cents > 0, 1)], 0))
    columns = (*key, is_open, *map(fn.SUM, _sides(position.left_cents)))
    return position.joined(InvoiceModel.select(*columns)).where(position.has_balance).group_by(*key)


@totals_by_partition(columns=2)
def _by_due_date(within: PartitionFilter, as_of: AsOf, *, for_good: bool) -> Any:
    position, part = Position(as_of, within, for_good=for_good), partition(InvoiceModel.id)
    return balances(position, part, InvoiceModel.currency, InvoiceModel.due_on).where(within(InvoiceModel.id)).tuples()


@totals_by_partition(columns=2)
def _by_customer(within: PartitionFilter, as_of: AsOf, *, for_good: bool) -> Any:
    position, part = Position(as_of, within, for_good=for_good), partition(InvoiceModel.id)
    open_cents, credit_cents = _sides(position.left_cents)
    is_overdue = (position.left_cents > 0) & (InvoiceModel.due_on < as_of.day)
    return (
        position.joined(
            InvoiceModel.select(
                part,
                InvoiceModel.customer,
                InvoiceModel.currency,
                fn.SUM(Case(None, [(position.left_cents > 0, 1)], 0)),
                fn.SUM(open_cents),
                fn.SUM(Case(None, [(is_overdue, position.left_cents)], 0)),
                fn.SUM(credit_cents),
            )
        )
        .where(within(InvoiceModel.id), position.has_balance)
        .group_by(part, InvoiceModel.customer, InvoiceModel.currency)
        .tuples()
    )


def _sides(left_cents: Any) -> tuple[Any, Any]:
    # To peewee, `-left_cents` is a descending sort order, not a negation.
    return Case(None, [(left_cents > 0, left_cents)], 0), Case(None, [(left_cents < 0, 0 - left_cents)], 0)
