"""Exports: files of what is stored, and the audit entry that says who took them."""

from collections.abc import Mapping
from datetime import datetime

from app.store.access import audit
from app.store.access.users import User
from app.store.db.transactions import transaction
from app.store.ledger import snapshot
from app.store.ledger.snapshot import Snapshot
from app.workbook.importing import Importer


def everything(importer: Importer, file_name: str, by: User | None, now: datetime) -> tuple[bytes, Snapshot]:
    """Return a workbook of three tabs with all that the current user may see, and what it was made from."""
    stored = snapshot.take()
    content = importer.exported(stored)
    record("everything", file_name, len(stored.invoices), {}, by, now)
    return content, stored


def record(
    what: str, file_name: str, rows: int, selection: Mapping[str, object], by: User | None, now: datetime
) -> None:
    """Audit that a file was made: of what, how many rows, and by which filter."""
    details = {"file": file_name, "rows": rows, "filter": dict(selection)}
    with transaction():
        audit.append(by, "export.made", f"export:{what}", after=details, now=now)
