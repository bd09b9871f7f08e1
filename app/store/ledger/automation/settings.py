"""The settings of automation: one row, once somebody has saved them."""

from typing import Any

from app.domain.automation import Automation
from app.store.db.database import AdvisoryLock
from app.store.db.locks import one_at_a_time
from app.store.db.tables import AutomationModel


class AutomationConflictError(Exception):
    """Somebody else was faster; the message is one sentence."""

    def __init__(self, current: Automation) -> None:
        super().__init__("The settings were changed while you were typing.")
        self.current = current


def current() -> Automation:
    rows: Any = list(AutomationModel.select().dicts())
    return _automation(rows[0]) if rows else Automation()


def locked() -> Automation:
    """Return the same, and let nobody else change it until the transaction ends."""
    one_at_a_time(AdvisoryLock.AUTOMATION)
    return current()


def write(automation: Automation) -> None:
    """Save the settings after those of `automation.version`; call it with the lock."""
    values: dict[str, Any] = {
        **automation.described(),
        "recipients": "\n".join(automation.recipients),
        "chat_url": automation.chat_url,
        "version": automation.version + 1,
    }
    if automation.version:
        AutomationModel.update(values).execute()
    else:
        AutomationModel.create(**values)


def _automation(row: dict[str, Any]) -> Automation:
    row.pop("id")
    return Automation(**{**row, "recipients": tuple(row["recipients"].split("\n")) if row["recipients"] else ()})
