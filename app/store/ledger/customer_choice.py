"""Customers to choose from in a form, and the customers that an entered text matches."""

from dataclasses import dataclass
from typing import Any

from app.store.db.cache import cached
from app.store.db.tables import CustomerModel
from app.store.ledger.snapshot import compared

_MOST = 2_000


@dataclass(frozen=True, slots=True)
class Choice:
    id: int
    code: str
    name: str
    terms_days: int | None

    @property
    def label(self) -> str:
        """The code makes it unique."""
        return f"{self.name} ({self.code})"


def get(customer_id: int) -> Choice | None:
    """Return the customer, archived or not, or None."""
    return next(iter(_choices(CustomerModel.id == customer_id)), None)


@cached
def all_choices() -> tuple[Choice, ...]:
    """Leave out archived ones; return at most 2,000, by name."""
    return tuple(_choices(CustomerModel.archived_at.is_null(), _MOST))


def meant_by(text: str) -> list[Choice]:
    """Return the customers whose code, name or label equals the text; if none, those whose label contains it."""
    wanted = compared(text)
    choices = _choices(CustomerModel.archived_at.is_null())
    exact = [one for one in choices if wanted in {compared(one.code), compared(one.name), compared(one.label)}]
    return exact or [one for one in choices if wanted in compared(one.label)]


def archived(text: str) -> Choice | None:
    """Return the archived customer whose code, name or label equals the text."""
    wanted = compared(text)
    found = _choices(CustomerModel.archived_at.is_null(is_null=False))
    return next((one for one in found if wanted in map(compared, (one.code, one.name, one.label))), None)


def _choices(which: Any, most: int | None = None) -> list[Choice]:
    columns = (CustomerModel.id, CustomerModel.code, CustomerModel.name, CustomerModel.terms_days)
    rows: Any = CustomerModel.select(*columns).where(which).order_by(CustomerModel.name, CustomerModel.id).limit(most)
    return [Choice(*row) for row in rows.tuples()]
