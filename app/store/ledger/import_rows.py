"""The rows of an import: what each did, and the invoice that it concerns."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from peewee import fn

from app.domain.paging import PAGE_LENGTH
from app.store.db.tables import ImportedRowModel, InvoiceModel, PaymentModel


@dataclass(frozen=True, slots=True)
class ImportedRow:
    """`invoice_id` is None where no invoice exists to link to."""

    tab: str
    row: int
    kind: str
    action: str
    subject: str
    invoice_id: int | None


def page(import_id: int, tab: str, row: int | None, number: int) -> list[ImportedRow]:
    """Return page `number` (from 1), in the order of the import; optionally of one tab or row only."""
    found = list(_rows(import_id, tab, row).order_by(ImportedRowModel.id).paginate(number, PAGE_LENGTH))
    invoice_ids = _invoice_ids(found)
    return [
        ImportedRow(one.tab, one.row, one.kind, one.action, one.subject, invoice_ids.get((one.kind, one.record_id)))
        for one in found
    ]


def count(import_id: int, tab: str, row: int | None) -> int:
    return _rows(import_id, tab, row).count()


def written(import_id: int) -> dict[str, dict[str, int]]:
    """Return how many records the import created, changed and voided, by action and kind."""
    row = ImportedRowModel
    query: Any = row.select(row.action, row.kind, fn.COUNT(row.id)).where(row.origin == import_id)
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for action, kind, count in query.group_by(row.action, row.kind).tuples():
        found[action][kind] = count
    return found


def tabs(import_id: int) -> list[str]:
    query: Any = (
        ImportedRowModel.select(ImportedRowModel.tab).where(ImportedRowModel.origin == import_id).distinct().tuples()
    )
    return sorted(tab for (tab,) in query)


def _rows(import_id: int, tab: str, row: int | None) -> Any:
    query: Any = ImportedRowModel.select().where(ImportedRowModel.origin == import_id)
    if tab:
        query = query.where(ImportedRowModel.tab == tab)
    if row is not None:
        query = query.where(ImportedRowModel.row == row)
    return query


def _invoice_ids(rows: list[ImportedRowModel]) -> dict[tuple[str, int], int]:
    """Return the existing invoice of each record, by kind and id, with one query per kind."""

    def ids(kind: str) -> list[int]:
        return [row.record_id for row in rows if row.kind == kind]

    invoices: Any = InvoiceModel.select(InvoiceModel.id).where(InvoiceModel.id.in_(ids("invoice"))).tuples()
    payments: Any = (
        PaymentModel.select(PaymentModel.id, PaymentModel.invoice).where(PaymentModel.id.in_(ids("payment"))).tuples()
    )
    return {("invoice", found): found for (found,) in invoices} | {("payment", found): to for found, to in payments}
