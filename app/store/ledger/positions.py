"""Positions: open and overpaid amounts at the end of a day, by due date and by customer."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from peewee import Case, fn

from app.domain.account import Owed
from app.domain.ageing import Balances, ageing_by_currency, nothing_owed
from app.domain.as_of import AsOf
from app.domain.receivables_summary import ReceivablesSummary, receivables_summary
from app.domain.turnover import Turnover
from app.store.db.tables import CustomerModel, InvoiceModel
from app.store.ledger import settlements
from app.store.ledger.partition_totals import PartitionFilter, partition, totals_by_partition
from app.store.ledger.receivables import Position, is_for_good


@dataclass(frozen=True, slots=True)
class CustomerPosition:
    code: str
    name: str
    currency: str
    owed: Owed


def by_due_date(as_of: AsOf) -> list[Balances]:
    found = _by_due_date(as_of, for_good=is_for_good(as_of))
    return [Balances(*key, *figures) for key, figures in sorted(found.items())]


def by_customer(as_of: AsOf) -> dict[tuple[int, str], Owed]:
    """Return the balances by customer id and currency, sorted by currency, the largest debt first."""
    sums = _by_customer(as_of, for_good=is_for_good(as_of))
    found = {key: Owed(count, left, overdue, credit) for key, (count, left, credit, overdue) in sums.items()}
    return dict(sorted(found.items(), key=lambda one: (one[0][1], -one[1].outstanding_cents, one[0][0])))


def of_customers(as_of: AsOf) -> list[CustomerPosition]:
    """Return the customers with a balance or a credit, sorted by currency, the largest debt first."""
    found = by_customer(as_of)
    rows: Any = CustomerModel.select(CustomerModel.id, CustomerModel.code, CustomerModel.name).tuples()
    labels = {customer_id: (code, name) for customer_id, code, name in rows}
    return [CustomerPosition(*labels[customer_id], currency, owed) for (customer_id, currency), owed in found.items()]


def oldest_overdue(as_of: AsOf, customer_ids: Iterable[int]) -> dict[tuple[int, str], date]:
    """Return the first due date of what is overdue, by customer id and currency."""
    position = Position(as_of)
    key = (InvoiceModel.customer, InvoiceModel.currency)
    late = position.is_owed & (InvoiceModel.due_on < as_of.day) & InvoiceModel.customer.in_(sorted(customer_ids))
    rows = position.joined(InvoiceModel.select(*key, fn.MIN(InvoiceModel.due_on))).where(late).group_by(*key).tuples()
    return {(customer_id, currency): due_on for customer_id, currency, due_on in rows}


def summaries_by_currency(as_of: AsOf, days: Sequence[Turnover]) -> dict[str, ReceivablesSummary]:
    """Take the turnover of at least the window of the DSO and the month of the day."""
    balances = by_due_date(as_of)
    settled = settlements.days_to_pay(as_of)
    ageings = {ageing.currency: ageing for ageing in ageing_by_currency(balances, as_of.day)}
    codes = {*ageings, *(one.currency for one in days), *(one.currency for one in settled)}
    return {
        code: receivables_summary(ageings.get(code) or nothing_owed(code, as_of.day), balances, days, settled)
        for code in codes
    }


def balances(position: Position, key: Sequence[Any], *further: Any) -> Any:
    """Select, by key, the number of open invoices, the open and the overpaid cents, and further columns."""
    left = position.left_cents
    is_open, open_cents = Case(None, [(left > 0, 1)], 0), Case(None, [(left > 0, left)], 0)
    # To peewee, `-left` is a descending sort order, not a negation.
    credit_cents = Case(None, [(left < 0, 0 - left)], 0)
    columns = (*key, fn.SUM(is_open), fn.SUM(open_cents), fn.SUM(credit_cents), *further)
    return position.joined(InvoiceModel.select(*columns)).where(position.has_balance).group_by(*key)


@totals_by_partition(columns=2)
def _by_due_date(within: PartitionFilter, as_of: AsOf, *, for_good: bool) -> Any:
    key = (partition(InvoiceModel.id), InvoiceModel.currency, InvoiceModel.due_on)
    return balances(Position(as_of, within, for_good=for_good), key).where(within(InvoiceModel.id)).tuples()


@totals_by_partition(columns=2)
def _by_customer(within: PartitionFilter, as_of: AsOf, *, for_good: bool) -> Any:
    position = Position(as_of, within, for_good=for_good)
    is_overdue = (position.left_cents > 0) & (InvoiceModel.due_on < as_of.day)
    overdue = fn.SUM(Case(None, [(is_overdue, position.left_cents)], 0))
    key = (partition(InvoiceModel.id), InvoiceModel.customer, InvoiceModel.currency)
    return balances(position, key, overdue).where(within(InvoiceModel.id)).tuples()
