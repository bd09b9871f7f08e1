"""Accounts: what one customer owes in one currency at the end of a day, and how that customer pays."""

from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass
from enum import StrEnum

from app.domain.payment_habit import PaymentHabit


@dataclass(frozen=True, slots=True)
class Owed:
    """What a customer owed, and had overpaid."""

    open_invoices: int
    outstanding_cents: int
    overdue_cents: int
    credit_cents: int

    @property
    def not_due_cents(self) -> int:
        """Return what is owed but not late."""
        return self.outstanding_cents - self.overdue_cents


NOTHING_OWED = Owed(0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Account:
    """A customer in one currency; one without any invoice has no currency. What cannot be said is None."""

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
        """Tell whether the customer is likely to pay late."""
        return self.habit is not None and self.habit.is_likely_late


class AccountOrder(StrEnum):
    """What a list of accounts can be ordered by."""

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
    """Return the accounts that hold the text in any case, of archived customers only when asked for them or owed.

    `also` has the customers who hold it elsewhere.
    """
    wanted = text.casefold()
    return [
        account
        for account in accounts
        if (archived or not account.is_archived or account.position != NOTHING_OWED)
        and (
            account.customer_id in also
            or any(wanted in held.casefold() for held in (account.name, account.code, account.email))
        )
    ]


def in_order(accounts: Iterable[Account], column: AccountOrder, *, descending: bool = False) -> list[Account]:
    """Return the accounts in order: equals by name, and what cannot be said always at the end."""
    key = _KEYS[column]
    named = sorted(accounts, key=lambda account: (account.name.casefold(), account.customer_id, account.currency))
    said = [account for account in named if key(account) is not None]
    unsaid = [account for account in named if key(account) is None]
    return sorted(said, key=key, reverse=descending) + unsaid  # type: ignore[arg-type]  # none of them is None
