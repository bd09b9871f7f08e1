"""Write many receivables at once for an import, and take them back for its undo."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from peewee import JOIN, fn

from app.domain import fields
from app.store.db.database import insert_rows, reserved_ids
from app.store.db.tables import (
    BaseModel,
    CustomerModel,
    ImportedRowModel,
    InvoiceModel,
    LedgerVersionModel,
    PaymentModel,
)
from app.store.ledger.snapshot import REPLACED

_STEP = 5_000
_TABLES: Mapping[str, type[BaseModel]] = {"customer": CustomerModel, "invoice": InvoiceModel, "payment": PaymentModel}

_ORIGIN = ("origin", "import_tab", "import_row", "fingerprint", "imported_version")
CUSTOMER_COLUMNS = ["id", *(field.column for field in fields.CUSTOMER), "version", *_ORIGIN]
INVOICE_COLUMNS = ["id", *(field.column for field in fields.INVOICE), "number_key", "paid_cents", "version", *_ORIGIN]
PAYMENT_COLUMNS = [
    "id", *(field.column for field in fields.PAYMENT), "idempotency_key", "recorded_by", "recorded_at", *_ORIGIN,
]  # fmt: skip
IMPORTED_ROW_COLUMNS = ["origin", "tab", "row", "kind", "action", "subject", "record_id", "record_version", "before"]


def new_ids(kind: str, count: int) -> Sequence[int]:
    """Return ids for so many new records, so that they can be referred to before they are written."""
    return reserved_ids(_TABLES[kind], count)


def insert_customers(rows: Iterable[Sequence[Any]]) -> None:
    """Insert customers, in the order of CUSTOMER_COLUMNS."""
    insert_rows(CustomerModel, CUSTOMER_COLUMNS, rows)


def insert_invoices(rows: Iterable[Sequence[Any]]) -> None:
    """Insert invoices, in the order of INVOICE_COLUMNS."""
    insert_rows(InvoiceModel, INVOICE_COLUMNS, rows)


def insert_payments(with_sums: Iterable[Sequence[Any]], others: Iterable[Sequence[Any]], import_id: int) -> None:
    """Insert payments, in the order of PAYMENT_COLUMNS.

    Those with sums are for invoices that the import inserted together with what is paid for them.
    """
    LedgerVersionModel.update(sums_given=True).execute()
    insert_rows(PaymentModel, PAYMENT_COLUMNS, with_sums)
    LedgerVersionModel.update(sums_given=False).execute()
    _check_sums(import_id)
    insert_rows(PaymentModel, PAYMENT_COLUMNS, others)


def insert_imported_rows(rows: Iterable[Sequence[Any]]) -> None:
    """Insert what each row of a workbook did to which record."""
    insert_rows(ImportedRowModel, IMPORTED_ROW_COLUMNS, rows)


def update(kind: str, record_id: int, values: Mapping[str, Any]) -> None:
    """Set columns of one record."""
    table = _TABLES[kind]
    table.update(dict(values)).where(table.id == record_id).execute()


def replace_payments(ids_by_moment: Mapping[datetime, Sequence[int]]) -> None:
    """Void payments that a workbook now tells otherwise, from the moment given: that of their own day, for no day."""
    for at, ids in ids_by_moment.items():
        for part in _parts(ids):
            PaymentModel.update(voided_at=at, void_reason=REPLACED).where(PaymentModel.id.in_(part)).execute()


def delete(kind: str, ids: Iterable[int]) -> None:
    """Delete records that only the import that is undone had brought."""
    table = _TABLES[kind]
    for part in _parts(ids):
        table.delete().where(table.id.in_(part)).execute()


def unvoid_payments(ids: Iterable[int]) -> None:
    """Let payments count again that the import that is undone had voided."""
    for part in _parts(ids):
        PaymentModel.update(voided_at=None, void_reason="").where(PaymentModel.id.in_(part)).execute()


def _check_sums(import_id: int) -> None:
    """Stop the import if what it said is paid is not what its payments add up to."""
    counted = fn.SUM(PaymentModel.amount_cents).filter(PaymentModel.voided_at.is_null())
    wrong = (
        InvoiceModel.select(InvoiceModel.id)
        .join(PaymentModel, JOIN.LEFT_OUTER)
        .where(InvoiceModel.origin == import_id, InvoiceModel.imported_version == 1)
        .group_by(InvoiceModel.id, InvoiceModel.paid_cents)
        .having(fn.COALESCE(counted, 0) != InvoiceModel.paid_cents)
    )
    found = wrong.first()
    if found is not None:
        raise ArithmeticError(f"The payments of invoice {found.id} do not add up to what is kept as paid.")


def _parts(ids: Iterable[int]) -> Iterable[list[int]]:
    everything = list(ids)
    for start in range(0, len(everything), _STEP):
        yield everything[start : start + _STEP]
