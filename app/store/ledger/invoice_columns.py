"""The columns that an invoice is read from, and the invoice that a row of them is."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from app.domain.invoice import Invoice
from app.store.db.tables import InvoiceModel

_NAMES = tuple(fact.name for fact in fields(Invoice))
COLUMNS = tuple(getattr(InvoiceModel, name) for name in _NAMES)


def invoice_of(row: Sequence[Any]) -> Invoice:
    """Leave out what follows the columns in the row."""
    return Invoice(**dict(zip(_NAMES, row, strict=False)))
