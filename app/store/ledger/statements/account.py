"""Statements of account: what stands on one, whether it is read on a page, printed, or sent."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from app.domain.ageing import Ageing
from app.domain.as_of import AsOf
from app.domain.firm import Firm
from app.domain.open_items import OpenItems, open_items
from app.domain.statement import Statement, statement
from app.store.ledger import customers
from app.store.ledger.customers import Customer


class StatementKind(StrEnum):
    OPEN_ITEMS = "open"
    ACTIVITY = "activity"


@dataclass(frozen=True, slots=True)
class WantedStatement:
    """Open items are those of the end of `closed_on`, whatever `opened_on` is."""

    kind: StatementKind
    opened_on: date
    closed_on: date
    currency: str


@dataclass(frozen=True, slots=True)
class AccountStatement:
    """`activity` is None on a statement of open items."""

    firm: Firm
    customer: Customer
    wanted: WantedStatement
    made_on: date
    activity: Statement | None
    open_items: OpenItems

    @property
    def ageing(self) -> Ageing:
        return self.open_items.ageing

    @property
    def line_count(self) -> int:
        if self.activity:
            return len(self.activity.lines)
        return len(self.open_items.owed) + len(self.open_items.credits)

    @property
    def file_name(self) -> str:
        """Return it without what the kind of file adds."""
        return f"statement-{self.customer.details.code}-{self.wanted.closed_on.isoformat()}"


def account_statement(customer: Customer, wanted: WantedStatement, firm: Firm, made_on: date) -> AccountStatement:
    entries = customers.ledger_of(customer.id, wanted.currency)
    as_of = AsOf.end_of(wanted.closed_on, firm.zone)
    activity = None
    if wanted.kind is StatementKind.ACTIVITY:
        activity = statement(entries, wanted.opened_on, wanted.closed_on, firm.zone)
    return AccountStatement(firm, customer, wanted, made_on, activity, open_items(entries, as_of, wanted.currency))
