"""Accounts: a customer's balance in one currency at the end of a day, and the customer's payment habit."""

from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass
from enum import StrEnum

from app.domain.payment_habit import PaymentHabit


@dataclass(frozen=True, slots=True)
class Owed:
    """One customer's open invoices in one currency, in cents. Credit is what was overpaid."""

    open_invoices: int
    outstanding_cents: int
    overdue_cents: int
    credit_cents: int

    @property
    def not_due_cents(self) -> int:
        return self.outstanding_cents - self.overdue_cents


NOTHING_OWED = Owed(0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Account:
    """The currency is "" for a customer without invoices; figures that are undefined are None."""

    customer_id: int
    code: str
    name: str
    email: str
    phone: str
    is_archived: bool
    currency: str = ""
    position: Owed = NOTHING_OWED
    days_sales_outstanding: int | None = None
    average_days_late: int | None = None
    habit: PaymentHabit | None = None

    @property
    def is_likely_late(self) -> bool:
        return self.habit is not None and self.habit.is_likely_late


class AccountOrder(StrEnum):
    NAME = "name"
    CODE = "code"
    BALANCE = "balance"
    OVERDUE = "overdue"
    CREDIT = "credit"
    DSO = "dso"
    LATE = "late"


_KEYS: dict[AccountOrder, Callable[[Account], str | int | None]] = {
    AccountOrder.NAME: lambda account: account.name.casefold(),
    AccountOrder.CODE: lambda account: account.code.casefold(),
    AccountOrder.BALANCE: lambda account: account.position.outstanding_cents,
    AccountOrder.OVERDUE: lambda account: account.position.overdue_cents,
    AccountOrder.CREDIT: lambda account: account.position.credit_cents,
    AccountOrder.DSO: lambda account: account.days_sales_outstanding,
    AccountOrder.LATE: lambda account: account.average_days_late,
}


def matching(
    accounts: Iterable[Account], text: str, *, archived: bool = False, also: Container[int] = ()
) -> list[Account]:
    """Return the accounts whose name, code or e-mail contains the text, ignoring case.

    Archived customers are left out unless `archived` is set or they have a balance or credit. `also` holds the ids of
    customers that match elsewhere, such as in their own fields.
    """
    wanted = text.casefold()
    return [
        account
        for account in accounts
        if (archived or not account.is_archived or account.position != NOTHING_OWED)
        and (
            account.customer_id in also
            or any(wanted in value.casefold() for value in (account.name, account.code, account.email))
        )
    ]


def owing(accounts: Iterable[Account]) -> list[Account]:
    """Return those who owe something; all of them if nobody does."""
    known = list(accounts)
    return [account for account in known if account.position.outstanding_cents] or known


def in_order(accounts: Iterable[Account], column: AccountOrder, *, descending: bool = False) -> list[Account]:
    """Break ties by name; undefined values come last in both directions."""
    key = _KEYS[column]
    named = sorted(accounts, key=lambda account: (account.name.casefold(), account.customer_id, account.currency))
    defined = [account for account in named if key(account) is not None]
    undefined = [account for account in named if key(account) is None]
    return sorted(defined, key=key, reverse=descending) + undefined  # type: ignore[arg-type]  # none of them is None
