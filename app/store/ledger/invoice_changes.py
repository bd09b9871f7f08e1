"""Writing invoices: at the version that was seen, and with a number that the customer's other invoices lack."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from peewee import IntegrityError

from app.domain.invoice import Invoice, InvoiceFacts
from app.store.db import current_user, tables
from app.store.db.current_user import seeing_everything
from app.store.db.locks import locked
from app.store.db.missing_records import MissingError, existing_or_raise
from app.store.ledger import columns
from app.store.ledger.snapshot import compared


class NumberTakenError(Exception):
    """`invoice_id` is None if the user may not see the invoice that has the number."""

    def __init__(self, invoice_id: int | None) -> None:
        super().__init__("This customer has an invoice with this number already.")
        self.invoice_id = invoice_id


class InvoiceConflictError(Exception):
    def __init__(self, invoice: Invoice) -> None:
        super().__init__("Somebody else has changed this invoice since it was shown.")
        self.invoice = invoice


@dataclass(frozen=True, slots=True)
class SeenVersion:
    invoice_id: int
    version: int


def refuse_outside_scope(facts: InvoiceFacts) -> None:
    """Raise MissingError if the current user may not see such an invoice."""
    if not current_user.scope().covers(facts.customer_id, facts.ledger):
        raise MissingError("You may not see invoices of this customer in this ledger.")


def as_seen(seen: SeenVersion) -> tuple[Invoice, int]:
    """Return the invoice with its paid cents, locked; raises MissingError or InvoiceConflictError."""
    query = tables.InvoiceModel.select(*columns.INVOICE, tables.InvoiceModel.paid_cents).where(
        tables.InvoiceModel.id == seen.invoice_id
    )
    row: Any = existing_or_raise(locked(query).tuples().first(), "invoice")
    invoice = columns.invoice_of(row)
    if invoice.version != seen.version:
        raise InvoiceConflictError(invoice)
    return invoice, row[-1]


def insert(facts: InvoiceFacts) -> int:
    return tables.InvoiceModel.create(**_columns(facts)).id


def write_facts(invoice_id: int, facts: InvoiceFacts) -> None:
    write(invoice_id, _columns(facts))


def write(invoice_id: int, values: Mapping[str, Any]) -> None:
    # The next import detects by the version that the invoice was edited in the app since the last import.
    invoice = tables.InvoiceModel
    invoice.update({**values, "version": invoice.version + 1}).where(invoice.id == invoice_id).execute()


def void_unpaid_advances(invoice_ids: Iterable[int], reason: str, now: datetime) -> list[int]:
    """Void those of the invoices that were only there for an advance payment, once it is voided; return their ids."""
    invoice = tables.InvoiceModel
    is_advance = (invoice.total_cents == 0) & invoice.origin.is_null()
    rows: Any = (
        invoice.select(invoice.id)
        .where(invoice.id.in_(sorted(invoice_ids)), is_advance, invoice.paid_cents == 0, invoice.voided_at.is_null())
        .order_by(invoice.id)
        .tuples()
    )
    unpaid = [invoice_id for (invoice_id,) in rows]
    for invoice_id in unpaid:
        write(invoice_id, {"voided_at": now, "void_reason": reason})
    return unpaid


def has_payments(invoice_id: int) -> bool:
    active = (tables.PaymentModel.invoice == invoice_id) & tables.PaymentModel.voided_at.is_null()
    return tables.PaymentModel.select().where(active).exists()


@contextmanager
def unique_number(facts: InvoiceFacts, own_id: int | None = None) -> Iterator[None]:
    """Raise NumberTakenError too if another transaction takes the number between our check and our write."""
    try:
        yield
    except IntegrityError:
        refuse_taken_number(facts, own_id)
        raise


def refuse_taken_number(facts: InvoiceFacts, own_id: int | None) -> None:
    """Raise NumberTakenError if another invoice of the customer has the number, in or out of the user's scope."""
    invoice = tables.InvoiceModel
    other = _has_number(facts.number, facts.customer_id) & (invoice.id != (own_id or 0))
    found = invoice.select(invoice.id).where(other).first()
    if found is not None:
        raise NumberTakenError(found.id)
    with seeing_everything():
        if invoice.select().where(other).exists():
            raise NumberTakenError(None)


def is_taken(number: str, customer_id: int) -> bool:
    """Return whether an invoice of the customer has the number, in or out of the user's scope."""
    with seeing_everything():
        return tables.InvoiceModel.select().where(_has_number(number, customer_id)).exists()


def others_with_number(facts: InvoiceFacts) -> list[str]:
    """Return the names of the other customers that have an invoice with the number, as far as the user sees them."""
    invoice, customer = tables.InvoiceModel, tables.CustomerModel
    used = (invoice.number_key == compared(facts.number)) & (invoice.customer != facts.customer_id)
    rows: Any = invoice.select(customer.name).join(customer).where(used).order_by(customer.name).tuples()
    return [name for (name,) in rows]


def _has_number(number: str, customer_id: int) -> Any:
    invoice = tables.InvoiceModel
    return (invoice.number_key == compared(number)) & (invoice.customer == customer_id)


def _columns(facts: InvoiceFacts) -> dict[str, Any]:
    values = asdict(facts)
    customer_id = values.pop("customer_id")
    return {**values, "customer": customer_id, "number_key": compared(facts.number)}
