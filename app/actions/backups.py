"""What is done with backups that the ledger itself remembers."""

from datetime import datetime

from app.store.access import audit
from app.store.db.transactions import transaction


def record_restore(backup_id: str, made_at: datetime, now: datetime) -> None:
    """Record in the restored database that it goes on from the backup: what was done after it is not in it."""
    with transaction():
        audit.append(None, "backup.restored", f"backup:{backup_id}", after={"made_at": made_at.isoformat()}, now=now)
