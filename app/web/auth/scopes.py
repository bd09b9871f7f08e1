"""Scopes: their description, and the form fields to choose one."""

from babel.lists import format_list

from app.domain.permissions import EVERYTHING, Scope
from app.store.ledger import customers, invoices
from app.web.auth.meant_customer import meant_customer
from app.web.http.forms import Form
from app.web.http.locales import FALLBACK

NEW_CUSTOMERS = ("customer", "customer_2", "customer_3", "customer_4", "customer_5")

_MOST_LISTED = 5


def described(scope: Scope) -> str:
    """Return a description of the scope: "Acme, Globex and the ledger 2025"."""
    if scope.is_everything:
        return "everything"
    names = sorted(customers.names(scope.customers).values(), key=str.casefold)
    ledgers = [f"the ledger {ledger}" for ledger in sorted(scope.ledgers)]
    found = [*_at_most(names, "customers"), *_at_most(ledgers, "ledgers")]
    return format_list(found, locale=FALLBACK) or "nothing"


def chosen(fields: Form) -> Scope:
    """Return the scope chosen in a form; errors are added to its fields.

    The boxes are named `customer:ID` and `ledger:NAME`; NEW_CUSTOMERS are further customers, by name or code.
    """
    if fields.typed.get("sees") != "some":
        return EVERYTHING
    named = (meant_customer(fields, name) for name in NEW_CUSTOMERS)
    ids = {*fields.by_id("customer:"), *(one.id for one in named if one)}
    ledgers = {name for name in invoices.ledgers() if f"ledger:{name}" in fields.typed}
    scope = Scope(frozenset(customers.names(ids)), frozenset(ledgers))
    if not fields.errors and not scope.customers and not scope.ledgers:
        fields.errors["customer"] = "Choose a ledger or a customer: the user would see nothing."
    return scope


def _at_most(names: list[str], kind: str) -> list[str]:
    return names if len(names) <= _MOST_LISTED else [*names[:_MOST_LISTED], f"{len(names) - _MOST_LISTED} more {kind}"]
