"""Which statement of a customer is asked for: its kind, its days and its currency."""

from dataclasses import dataclass

from app.domain.periods import months_up_to
from app.store.ledger import customers
from app.store.ledger.customers import Customer
from app.store.ledger.statements.account import AccountStatement, StatementKind, WantedStatement, account_statement
from app.web.http.forms import Form
from app.web.http.rendering import address
from app.web.http.request_context import RequestContext

_MONTHS = 3


@dataclass(frozen=True, slots=True)
class StatementChoice:
    """What was asked for, with the currencies that it could have been asked for in."""

    customer: Customer
    wanted: WantedStatement
    currencies: list[str]

    @classmethod
    def of(cls, context: RequestContext, customer_id: int, fields: Form) -> "StatementChoice":
        """Raise MissingError if there is no such customer; what is wrong is said in the fields."""
        customer = customers.existing(customer_id)
        currencies = customers.currencies_of(customer_id) or [context.firm.currency]
        kind = fields.choice("kind", StatementKind) or StatementKind.OPEN_ITEMS
        closed_on = fields.day("to", context.today)
        opened_on = fields.day("from", min(months_up_to(context.today, _MONTHS)[0], closed_on))
        if opened_on > closed_on:
            if kind is StatementKind.ACTIVITY:
                fields.errors["from"] = "A statement begins on the day on which it ends, or before it."
            opened_on = closed_on
        currency = fields.text("currency", longest=3).upper() or currencies[0]
        if currency not in currencies:
            fields.errors["currency"] = "Please choose one of the list."
            currency = currencies[0]
        return cls(customer, WantedStatement(kind, opened_on, closed_on, currency), currencies)

    def made(self, context: RequestContext) -> AccountStatement:
        return account_statement(self.customer, self.wanted, context.firm, context.today)

    def address(self, suffix: str = "", kind: StatementKind | None = None, **more: str) -> str:
        """Return where the same is, `.pdf` or whatever the suffix says, or where it is of the other kind."""
        kind = kind or self.wanted.kind
        return address(
            f"/customers/{self.customer.id}/statement{suffix}",
            kind=kind,
            **{"from": self.wanted.opened_on if kind is StatementKind.ACTIVITY else ""},
            to=self.wanted.closed_on,
            currency=self.wanted.currency,
            **more,
        )
