"""Customers: created, edited and archived, each change audited."""

from contextlib import AbstractContextManager
from dataclasses import asdict
from datetime import datetime

from app.domain.own_fields import changes
from app.store.access import audit
from app.store.access.users import User
from app.store.db.transactions import exclusive_transaction, transaction
from app.store.ledger import customers
from app.store.ledger.customers import CustomerConflictError, Details


class StillOpenError(Exception):
    """A customer with open invoices or credit cannot be archived; the message is one sentence."""


def create(details: Details, by: User, now: datetime) -> int:
    """Add a customer and return its id; raises CodeRefusedError."""
    with exclusive_transaction():
        customers.refuse_taken_code(details.code)
        customer_id = customers.insert(details)
        after = {name: value for name, value in asdict(details).items() if value not in ("", None, {})}
        audit.append(by, "customer.created", f"customer:{customer_id}", after=after, now=now)
    return customer_id


def edit(customer_id: int, version: int, details: Details, by: User, now: datetime) -> None:
    """Save the details; raises MissingError, CustomerConflictError if `version` is outdated, or CodeRefusedError."""
    with _transaction_for(customer_id, details):
        current = customers.existing(customer_id)
        if current.version != version:
            raise CustomerConflictError(current)
        old, new = asdict(current.details), asdict(details)
        before, after = changes(old, new), changes(new, old)
        if not after:
            return
        if "code" in after:
            customers.refuse_another_code(customer_id, before["code"], details.code)
            customers.refuse_taken_code(details.code, but=customer_id)
        customers.write(customer_id, version, details)
        audit.append(by, "customer.edited", f"customer:{customer_id}", before=before, after=after, now=now)


def archive(customer_id: int, by: User, now: datetime) -> None:
    """Hide the customer from lists; raises MissingError, or StillOpenError while there is a balance or credit."""
    with transaction():
        if customers.existing(customer_id).archived_at is not None:
            return
        if customers.has_open(customer_id):
            raise StillOpenError(
                "This customer still has open invoices or credit: they have to be settled, voided or written off first."
            )
        _set_archived(customer_id, now, "customer.archived", by, now)


def unarchive(customer_id: int, by: User, now: datetime) -> None:
    """Show the customer in lists again; raises MissingError."""
    with transaction():
        if customers.existing(customer_id).archived_at is not None:
            _set_archived(customer_id, None, "customer.unarchived", by, now)


def _transaction_for(customer_id: int, details: Details) -> AbstractContextManager[None]:
    """Return a transaction, exclusive if the code changes, so that no other transaction can take the new code."""
    current = customers.get(customer_id)
    same = current is not None and current.details.code == details.code
    return transaction() if same else exclusive_transaction()


def _set_archived(customer_id: int, at: datetime | None, action: str, by: User, now: datetime) -> None:
    customers.set_archived(customer_id, at)
    after = {"archived": at is not None}
    audit.append(by, action, f"customer:{customer_id}", before={"archived": at is None}, after=after, now=now)
