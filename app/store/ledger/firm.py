"""The firm's data: one row, once somebody has saved them; until then what the settings of the server say."""

from typing import Any
from zoneinfo import ZoneInfo

from app.domain.firm import Firm
from app.store.db.compiled_queries import compiled
from app.store.db.database import AdvisoryLock
from app.store.db.locks import one_at_a_time
from app.store.db.tables import FirmModel


class FirmConflictError(Exception):
    """Somebody else was faster; the message is one sentence."""

    def __init__(self, current: Firm) -> None:
        super().__init__("The settings were changed while you were typing.")
        self.current = current


def current(unsaved: Firm) -> Firm:
    """Return the saved data, `unsaved` if there are none; the only place that knows the currency and the time zone."""
    rows = _saved()
    return _firm(*rows[0]) if rows else unsaved


def locked(unsaved: Firm) -> Firm:
    """Return the same, and let nobody else change it until the transaction ends."""
    one_at_a_time(AdvisoryLock.FIRM)
    return current(unsaved)


def write(firm: Firm) -> None:
    """Save the data after those of `firm.version`; call it with the lock."""
    values: dict[str, Any] = {**firm.described(), "version": firm.version + 1}
    if firm.version:
        FirmModel.update(values).execute()
    else:
        FirmModel.create(**values)


@compiled
def _saved() -> Any:
    columns = (FirmModel.name, FirmModel.address, FirmModel.email, FirmModel.phone, FirmModel.bank_details)
    return FirmModel.select(FirmModel.currency, FirmModel.zone, *columns, FirmModel.version)


def _firm(currency: str, zone: str, *rest: Any) -> Firm:
    return Firm(currency, ZoneInfo(zone), *rest)
