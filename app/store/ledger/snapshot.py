"""A snapshot of all stored receivables, which an import is compared with."""

import unicodedata
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from app.store.db.tables import CustomerModel, ImportedModel, InvoiceModel, PaymentModel

REPLACED = "changed in the workbook"  # the void reason of payments that a new workbook replaces


class StoredCustomer(NamedTuple):
    """With the fingerprint and position of the row that it was last imported from."""

    id: int
    code: str
    name: str
    email: str
    phone: str
    address: str
    terms_days: int | None
    notes: str
    own_fields: Mapping[str, str]
    version: int
    fingerprint: str | None
    imported_version: int | None
    import_id: int | None
    import_tab: str | None
    import_row: int | None


class StoredInvoice(NamedTuple):
    """With the fingerprint and position of the row that it was last imported from."""

    id: int
    number: str
    number_key: str
    customer_id: int
    customer_code: str
    issued_on: date
    due_on: date
    currency: str
    total_cents: int
    ledger: str
    reference: str
    notes: str
    own_fields: Mapping[str, str]
    disputed: bool
    draft: bool
    voided_at: datetime | None
    void_reason: str
    written_off_at: datetime | None
    write_off_reason: str
    version: int
    fingerprint: str | None
    imported_version: int | None
    import_id: int | None
    import_tab: str | None
    import_row: int | None


class StoredPayment(NamedTuple):
    """`import_id` is None if it was recorded in the app.

    `batch_key` is shared by the payments of one receipt.
    """

    id: int
    invoice_id: int
    paid_on: date
    amount_cents: int
    method: str
    reference: str
    note: str
    batch_key: str | None
    moves_credit: bool
    import_id: int | None
    import_tab: str | None
    import_row: int | None

    @property
    def is_bound(self) -> bool:
        """Return whether it can only be voided together with others."""
        return self.moves_credit or self.batch_key is not None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Stored records by the keys that an import looks them up by; codes, names and numbers are normalised.

    `customers` is by code, `invoices` by number and customer's code, the payments by invoice id. The values of
    `codes_by_name` and `customers_by_number` are customers' codes.
    """

    customers: dict[str, StoredCustomer]
    codes_by_name: dict[str, list[str]]
    invoices: dict[tuple[str, str], StoredInvoice]
    customers_by_number: dict[str, list[str]]
    payments: dict[int, list[StoredPayment]]
    payments_voided_in_app: dict[int, list[StoredPayment]] = field(default_factory=dict)


def take() -> Snapshot:
    rows: Any = CustomerModel.select(*_columns(CustomerModel, StoredCustomer)).tuples()
    customers = [StoredCustomer(*row) for row in rows]
    codes_by_name: dict[str, list[str]] = defaultdict(list)
    for customer in customers:
        codes_by_name[compared(customer.name)].append(compared(customer.code))
    invoices: dict[tuple[str, str], StoredInvoice] = {}
    customers_by_number: dict[str, list[str]] = defaultdict(list)
    rows = InvoiceModel.select(*_columns(InvoiceModel, StoredInvoice)).join(CustomerModel)
    for row in rows.tuples().iterator():
        invoice = StoredInvoice(*row)
        code = compared(invoice.customer_code)
        invoices[invoice.number_key, code] = invoice
        customers_by_number[invoice.number_key].append(code)
    voided = PaymentModel.voided_at.is_null(is_null=False) & PaymentModel.origin.is_null(is_null=False)
    return Snapshot(
        {compared(customer.code): customer for customer in customers},
        dict(codes_by_name),
        invoices,
        dict(customers_by_number),
        _by_invoice(PaymentModel.voided_at.is_null()),
        _by_invoice(voided & (PaymentModel.void_reason != REPLACED)),
    )


def _by_invoice(condition: Any) -> dict[int, list[StoredPayment]]:
    rows: Any = PaymentModel.select(*_columns(PaymentModel, StoredPayment)).where(condition).order_by(PaymentModel.id)
    payments: dict[int, list[StoredPayment]] = defaultdict(list)
    for row in rows.tuples().iterator():
        payment = StoredPayment(*row)
        payments[payment.invoice_id].append(payment)
    return dict(payments)


def compared(text: str) -> str:
    """Return a code, name or number normalised for comparison: case-folded, whitespace collapsed, Unicode NFC."""
    return " ".join(unicodedata.normalize("NFC", text).split()).casefold()


def _columns(table: type[ImportedModel], stored: type[StoredCustomer | StoredInvoice | StoredPayment]) -> list[Any]:
    return [CustomerModel.code if name == "customer_code" else getattr(table, name) for name in stored._fields]
