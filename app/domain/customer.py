"""Customers: who owes."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Customer:
    """One customer; `code` is the id that the workbook uses."""

    id: int
    code: str
    name: str
    email: str
    phone: str
    address: str
    terms_days: int | None
    notes: str
    archived_at: datetime | None
    version: int
