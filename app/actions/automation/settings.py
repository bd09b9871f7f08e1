"""The settings of automation, changed by those who administer."""

from datetime import datetime

from app.domain.automation import Automation
from app.store.access import audit
from app.store.access.users import User
from app.store.db.transactions import transaction
from app.store.ledger.automation import settings as store
from app.store.ledger.automation.settings import AutomationConflictError


def edit(automation: Automation, by: User | None, now: datetime) -> bool:
    """Return whether anything was different; raises AutomationConflictError of an old version."""
    with transaction():
        current = store.locked()
        if current.version != automation.version:
            raise AutomationConflictError(current)
        if current == automation:
            return False
        store.write(automation)
        was, becomes = current.described(), automation.described()
        # Another address can look the same once it is masked.
        names = [name for name in becomes if getattr(current, name) != getattr(automation, name)]
        before, after = ({name: said[name] for name in names} for said in (was, becomes))
        audit.append(by, "automation.edited", "automation:1", before=before, after=after, now=now)
        return True
