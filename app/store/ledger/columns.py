"""The columns that invoices and payments are read from, and the one that begins a row."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from app.domain.invoice import Invoice
from app.domain.payment import Payment
from app.store.db.tables import InvoiceModel, PaymentModel

_NAMES = tuple(fact.name for fact in fields(Invoice))
INVOICE = tuple(getattr(InvoiceModel, name) for name in _NAMES)
PAYMENT = tuple(getattr(PaymentModel, fact.name) for fact in fields(Payment))


def invoice_of(row: Sequence[Any]) -> Invoice:
    """Leave out what follows the columns in the row."""
    return Invoice(**dict(zip(_NAMES, row, strict=False)))


def payment_of(row: Sequence[Any]) -> tuple[Payment, Sequence[Any]]:
    """Return what follows the columns in the row too."""
    return Payment(*row[: len(PAYMENT)]), row[len(PAYMENT) :]
