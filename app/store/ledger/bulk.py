"""Bulk writes for imports and their undo."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from operator import itemgetter
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

_STEP = 5_000
_TABLES: Mapping[str, type[BaseModel]] = {"customer": CustomerModel, "invoice": InvoiceModel, "payment": PaymentModel}

_ORIGIN = ("origin", "import_tab", "import_row", "fingerprint", "imported_version")
_COLUMNS: Mapping[str, Sequence[str]] = {
    "customer": ("id", *(field.column for field in fields.CUSTOMER), "version", *_ORIGIN),
    "invoice": ("id", *(field.column for field in fields.INVOICE), "number_key", "paid_cents", "version", *_ORIGIN),
    "payment": (
        "id", *(field.column for field in fields.PAYMENT), "idempotency_key", "recorded_by", "recorded_at", *_ORIGIN,
    ),
}  # fmt: skip
_IMPORTED_ROW = ("origin", "tab", "row", "kind", "action", "subject", "record_id", "record_version", "before")


def new_ids(kind: str, count: int) -> Sequence[int]:
    """Reserve ids, so that other rows can refer to the records before they are inserted."""
    return reserved_ids(_TABLES[kind], count)


def insert(kind: str, records: Iterable[Mapping[str, Any]]) -> None:
    """Insert records that have all columns of their kind."""
    insert_rows(_TABLES[kind], _COLUMNS[kind], map(itemgetter(*_COLUMNS[kind]), records))


def insert_payments(
    with_sums: Iterable[Mapping[str, Any]], others: Iterable[Mapping[str, Any]], import_id: int
) -> None:
    """Insert payments.

    Those in `with_sums` are for invoices that the import inserted with their final `paid_cents`: for them the
    triggers do not update it. Raises ArithmeticError if such an invoice's `paid_cents` differs from the sum of its
    payments.
    """
    LedgerVersionModel.update(sums_given=True).execute()
    insert("payment", with_sums)
    LedgerVersionModel.update(sums_given=False).execute()
    _check_sums(import_id)
    insert("payment", others)


def insert_imported_rows(rows: Iterable[Sequence[Any]]) -> None:
    insert_rows(ImportedRowModel, _IMPORTED_ROW, rows)


def update(kind: str, record_id: int, values: Mapping[str, Any]) -> None:
    table = _TABLES[kind]
    table.update(dict(values)).where(table.id == record_id).execute()


def void_payments(ids: Iterable[int], at: datetime | None, reason: str) -> None:
    """Pass None and an empty reason to let them count again."""
    for part in _parts(ids):
        PaymentModel.update(voided_at=at, void_reason=reason).where(PaymentModel.id.in_(part)).execute()


def delete(kind: str, ids: Iterable[int]) -> None:
    table = _TABLES[kind]
    for part in _parts(ids):
        table.delete().where(table.id.in_(part)).execute()


def _check_sums(import_id: int) -> None:
    counted = fn.SUM(PaymentModel.amount_cents).filter(PaymentModel.voided_at.is_null())
    wrong = (
        InvoiceModel.select(InvoiceModel.id)
        .join(PaymentModel, JOIN.LEFT_OUTER)
        .where(InvoiceModel.origin == import_id, InvoiceModel.imported_version == 1)
        .group_by(InvoiceModel.id, InvoiceModel.paid_cents)
        .having(fn.COALESCE(counted, 0) != InvoiceModel.paid_cents)
    )
    if found := wrong.first():
        raise ArithmeticError(f"The payments of invoice {found.id} do not add up to what is kept as paid.")


def _parts(ids: Iterable[int]) -> Iterable[list[int]]:
    everything = list(ids)
    for start in range(0, len(everything), _STEP):
        yield everything[start : start + _STEP]
