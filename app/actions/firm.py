"""The firm's data, changed by those who administer."""

from datetime import datetime

from app.domain.firm import Firm
from app.domain.own_fields import changes
from app.store.access import audit
from app.store.access.users import User
from app.store.db.transactions import transaction
from app.store.ledger import firm as store
from app.store.ledger.firm import FirmConflictError
from app.workbook.meaning.vocabulary.currencies import codes


class UnknownCurrencyError(Exception):
    """There is no such currency; the message is one sentence."""


def edit(firm: Firm, unsaved: Firm, by: User | None, now: datetime) -> bool:
    """Return whether anything was different; raises UnknownCurrencyError, or FirmConflictError of an old version."""
    if firm.currency not in codes():
        raise UnknownCurrencyError(f"There is no currency {firm.currency}: write its code, such as USD.")
    with transaction():
        current = store.locked(unsaved)
        if current.version != firm.version:
            raise FirmConflictError(current)
        before, after = changes(current.described(), firm.described()), changes(firm.described(), current.described())
        if not after:
            return False
        store.write(firm)
        audit.append(by, "firm.edited", "firm:1", before=before, after=after, now=now)
        return True
