"""Customers: their details, balances and payment habits."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from peewee import fn

from app.domain import invoice as rules
from app.domain.account import NOTHING_OWED, Account, Owed
from app.domain.ageing import Balances
from app.domain.as_of import AsOf
from app.domain.fields import CUSTOMER, searched_texts
from app.domain.payment import Payment
from app.domain.payment_habit import DAYS_COUNTED, PaymentHabit, average_days_late, habit
from app.domain.periods import days_up_to
from app.domain.settlement import WINDOW_DAYS, days_sales_outstanding
from app.store.db import tables
from app.store.db.cache import cached
from app.store.db.locks import locked
from app.store.db.missing_records import existing_or_raise
from app.store.ledger import columns, own_fields, positions, settlements, turnover
from app.store.ledger.receivables import Position, is_active, is_unsettled
from app.store.ledger.snapshot import compared

_Customer, _Invoice, _Payment = tables.CustomerModel, tables.InvoiceModel, tables.PaymentModel


class CodeRefusedError(Exception):
    """The code is taken, or the customer was imported under its current one; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class Details:
    code: str
    name: str
    email: str = ""
    phone: str = ""
    address: str = ""
    terms_days: int | None = None
    notes: str = ""
    own_fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Customer:
    id: int
    details: Details
    archived_at: datetime | None
    version: int


class CustomerConflictError(Exception):
    def __init__(self, current: Customer) -> None:
        super().__init__("Somebody else changed this customer in the meantime.")
        self.current = current


def get(customer_id: int) -> Customer | None:
    row = _Customer.get_or_none(_Customer.id == customer_id)
    return None if row is None else _from_row(row)


def following(text: str, after_id: int, length: int, *, archived: bool) -> list[Customer]:
    """Return the next `length` customers that contain the text and have an id above `after_id`, by id."""
    rows = _Customer.select().where(_Customer.id > after_id)
    if text:
        found = [*(place.contains(text) for place in _SEARCHED), own_fields.any_holds(_Customer, text)]
        rows = rows.where(reduce(or_, found))
    if not archived:
        rows = rows.where(_Customer.archived_at.is_null())
    return [_from_row(row) for row in rows.order_by(_Customer.id).limit(length)]


def with_own_field(text: str) -> frozenset[int]:
    rows: Any = _Customer.select(_Customer.id).where(own_fields.any_holds(_Customer, text)).tuples()
    return frozenset(customer_id for (customer_id,) in rows)


def exist() -> bool:
    return _Customer.select().exists()


def details_of_all() -> dict[int, Details]:
    rows: Any = _Customer.select(_Customer.id, *_DETAILS).tuples()
    return {customer_id: Details(*details) for customer_id, *details in rows}


def names(customer_ids: Iterable[int]) -> dict[int, str]:
    rows: Any = _Customer.select(_Customer.id, _Customer.name).where(_Customer.id.in_(sorted(customer_ids))).tuples()
    return dict(rows)


def contacts(customer_ids: Iterable[int]) -> dict[int, tuple[str, str, str]]:
    """Return name, telephone number and e-mail address, by id."""
    columns = (_Customer.id, _Customer.name, _Customer.phone, _Customer.email)
    rows: Any = _Customer.select(*columns).where(_Customer.id.in_(sorted(customer_ids))).tuples()
    return {customer_id: (name, phone, email) for customer_id, name, phone, email in rows}


def existing(customer_id: int) -> Customer:
    """Raise MissingError if there is none."""
    return existing_or_raise(get(customer_id), "customer")


def lock(customer_id: int) -> None:
    """Let others who lock the customer wait until the transaction ends; raises MissingError if there is none."""
    existing_or_raise(locked(_Customer.select(_Customer.id).where(_Customer.id == customer_id)).first(), "customer")


def insert(details: Details) -> int:
    return _Customer.create(**asdict(details)).id


def write(customer_id: int, version: int, details: Details) -> None:
    """Write the version after this one; raises CustomerConflictError if it is outdated."""
    changed = (
        _Customer.update(**asdict(details), version=version + 1)
        .where(_Customer.id == customer_id, _Customer.version == version)
        .execute()
    )
    if not changed:
        raise CustomerConflictError(existing(customer_id))


def set_archived(customer_id: int, at: datetime | None) -> None:
    """Pass None to show the customer again."""
    # Do not increase the version: workbooks have no archived state, so an import cannot conflict with this change.
    _Customer.update(archived_at=at).where(_Customer.id == customer_id).execute()


def refuse_another_code(customer_id: int, code: str, wanted: str) -> None:
    """Raise CodeRefusedError if an imported customer would get another code."""
    # The next import of the workbook would not find the customer under a new code and would add it again.
    is_imported = (
        _Customer.select().where(_Customer.id == customer_id, _Customer.origin.is_null(is_null=False)).exists()
    )
    if is_imported and compared(code) != compared(wanted):
        raise CodeRefusedError(f"The workbook knows this customer by the code {code}: change it there, or keep it.")


def refuse_taken_code(code: str, but: int | None = None) -> None:
    """Raise CodeRefusedError if another customer has the code."""
    rows: Any = _Customer.select(_Customer.id, _Customer.code, _Customer.name).tuples()
    for customer_id, taken, name in rows:
        if customer_id != but and compared(taken) == compared(code):
            raise CodeRefusedError(f"{name} has the code {taken} already.")


def has_open(customer_id: int) -> bool:
    return _Invoice.select().where(_Invoice.customer == customer_id, is_active(), is_unsettled()).exists()


@cached
def accounts(as_of: AsOf) -> tuple[Account, ...]:
    """Return one for each customer and currency; customers without invoices get one without a currency."""
    owed = positions.by_customer(as_of)
    since = days_up_to(as_of.day, WINDOW_DAYS)
    sales = turnover.invoiced_by_customer(as_of, since)
    by_account: dict[tuple[int, str], dict[int, int]] = defaultdict(dict)
    for (customer, currency, days), count in settlements.counts_by_days_late(as_of, DAYS_COUNTED).items():
        by_account[customer, currency][days] = count
    habits = _habits(by_account)
    currencies: dict[int, set[str]] = defaultdict(set)
    for customer, currency in [*owed, *sales, *by_account]:
        currencies[customer].add(currency)
    rows: Any = _Customer.select(*_ACCOUNT_FACTS).order_by(_Customer.id).tuples()
    return tuple(
        Account(
            customer_id,
            code,
            name,
            email,
            phone,
            is_archived=as_of.has_seen(archived_at),
            currency=currency,
            position=owed.get((customer_id, currency), NOTHING_OWED),
            days_sales_outstanding=_dso(owed, sales, (customer_id, currency)),
            average_days_late=average_days_late(by_account.get((customer_id, currency), {})),
            habit=habits.get(customer_id),
        )
        for customer_id, code, name, email, phone, archived_at in rows
        for currency in sorted(currencies.get(customer_id, {""}))
    )


def balances_of(customer_id: int, as_of: AsOf) -> list[Balances]:
    """Return the customer's open and overpaid amounts, by currency and due date."""
    rows: Any = (
        positions.balances(Position(as_of), (_Invoice.currency, _Invoice.due_on))
        .where(_Invoice.customer == customer_id)
        .order_by(_Invoice.currency, _Invoice.due_on)
        .tuples()
    )
    return [Balances(currency, due_on, *map(int, figures)) for currency, due_on, *figures in rows]


def habit_of(customer_id: int, as_of: AsOf) -> PaymentHabit | None:
    """Return None if too few invoices were settled."""
    return habit(dict(settlements.counts_of_customer(customer_id, as_of, DAYS_COUNTED)))


def settled_count(customer_id: int, as_of: AsOf) -> int:
    return sum(count for _, count in settlements.counts_of_customer(customer_id, as_of, DAYS_COUNTED))


def currencies_of(customer_id: int) -> list[str]:
    """Return the one with the most invoices first."""
    rows: Any = (
        _Invoice.select(_Invoice.currency)
        .where(_Invoice.customer == customer_id)
        .group_by(_Invoice.currency)
        .order_by(fn.COUNT(_Invoice.id).desc(), _Invoice.currency)
        .tuples()
    )
    return [currency for (currency,) in rows]


def ledger_of(customer_id: int, currency: str) -> list[tuple[rules.Invoice, list[Payment]]]:
    """Return every invoice of the customer in the currency with all its payments, voided ones included."""
    own = (_Invoice.customer == customer_id) & (_Invoice.currency == currency)
    invoices: Any = _Invoice.select(*columns.INVOICE).where(own).order_by(_Invoice.id).tuples()
    payments: Any = _Payment.select(*columns.PAYMENT).join(_Invoice).where(own).order_by(_Payment.id).tuples()
    by_invoice: dict[int, list[Payment]] = defaultdict(list)
    for row in payments:
        payment = Payment(*row)
        by_invoice[payment.invoice_id].append(payment)
    return [(invoice, by_invoice[invoice.id]) for invoice in map(columns.invoice_of, invoices)]


_SEARCHED = tuple(getattr(_Customer, field.name) for field in searched_texts(CUSTOMER))
_DETAILS = tuple(getattr(_Customer, name) for name in Details.__slots__)
_ACCOUNT_FACTS = (_Customer.id, _Customer.code, _Customer.name, _Customer.email, _Customer.phone, _Customer.archived_at)


def _dso(
    owed: Mapping[tuple[int, str], Owed], sales: Mapping[tuple[int, str], int], key: tuple[int, str]
) -> int | None:
    return days_sales_outstanding(owed.get(key, NOTHING_OWED).outstanding_cents, sales.get(key, 0))


def _habits(by_account: Mapping[tuple[int, str], Mapping[int, int]]) -> dict[int, PaymentHabit]:
    counts: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for (customer, _), of_currency in by_account.items():
        for days, count in of_currency.items():
            counts[customer][days] += count
    return {customer: found for customer, days in counts.items() if (found := habit(days))}


def _from_row(row: tables.CustomerModel) -> Customer:
    details = Details(*(getattr(row, name) for name in Details.__slots__))
    return Customer(row.id, details, row.archived_at, row.version)
