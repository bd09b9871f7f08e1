"""The payments of one invoice, each with the user who recorded it or the workbook row that it was imported from."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from peewee import JOIN, fn

from app.domain.as_of import AsOf
from app.domain.payment import Payment, counts
from app.store.db import tables
from app.store.db.compiled_queries import Slot, compiled
from app.store.ledger import columns


@dataclass(frozen=True, slots=True)
class Origin:
    import_id: int
    file_name: str
    tab: str
    row: int
    imported_at: datetime
    imported_by: str


@dataclass(frozen=True, slots=True)
class ListedPayment:
    """`counts` at the end of the day; `together` is the number of payments in its batch, this one included."""

    payment: Payment
    counts: bool
    origin: Origin | None
    recorded_at: datetime
    recorded_by: str
    together: int


_Payment, _Import = tables.PaymentModel, tables.ImportModel


def payments_of(invoice_id: int, as_of: AsOf) -> list[ListedPayment]:
    """Return every payment of the invoice, voided ones included, by payment date."""
    return [_listed(row, as_of) for row in _payments(invoice_id)]


@compiled
def _payments(invoice_id: Slot) -> Any:
    recorder, uploader = tables.UserModel.alias("recorder"), tables.UserModel.alias("uploader")
    other = _Payment.alias("other")
    together = other.select(fn.COUNT(other.id)).where(other.batch_key == _Payment.batch_key)
    imported_at = fn.COALESCE(_Import.applied_at, _Import.uploaded_at).converter(_Import.uploaded_at.python_value)
    origin = (_Import.id, _Import.file_name, _Payment.import_tab, _Payment.import_row, imported_at, _name(uploader))
    return (
        _Payment.select(*columns.PAYMENT, _Payment.recorded_at, _name(recorder), together, *origin)
        .join(_Import, JOIN.LEFT_OUTER)
        .join(uploader, JOIN.LEFT_OUTER, on=(_Import.uploaded_by == uploader.id))
        .join_from(_Payment, recorder, JOIN.LEFT_OUTER, on=(_Payment.recorded_by == recorder.id))
        .where(_Payment.invoice == invoice_id.value)
        .order_by(_Payment.paid_on, _Payment.id)
    )


def _name(user: Any) -> Any:
    return fn.COALESCE(fn.NULLIF(user.name, ""), user.email, "")


def _listed(row: tuple[Any, ...], as_of: AsOf) -> ListedPayment:
    payment, (recorded_at, recorded_by, together, *origin) = columns.payment_of(row)
    imported = None if origin[0] is None else Origin(*origin)
    return ListedPayment(payment, counts(payment, as_of), imported, recorded_at, recorded_by, max(1, together))
