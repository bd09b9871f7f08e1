"""What happened, to one invoice or of late: what people did here, and what imports brought."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from peewee import JOIN, fn

from app.domain.as_of import AsOf
from app.store.access import audit
from app.store.access.audit import Entry
from app.store.db import current_user
from app.store.db.compiled_queries import Slot, compiled
from app.store.db.tables import CustomerModel, ImportedRowModel, ImportModel, InvoiceModel, UserModel

_MOST_IMPORTS = 20


@dataclass(frozen=True, slots=True)
class ImportedChange:
    """What a row of a workbook did to an invoice; `before` is what it was, by name, nothing where it was created."""

    at: datetime
    actor: str
    action: str
    import_id: int
    file_name: str
    tab: str
    row: int
    before: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ImportDone:
    """A workbook that was applied or undone."""

    at: datetime
    actor: str
    action: str
    import_id: int
    file_name: str


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """Something that somebody did, with what the thing that it was done to is called."""

    entry: Entry
    label: str

    @property
    def at(self) -> datetime:
        """Return when it was done."""
        return self.entry.at


def of_invoice(invoice_id: int) -> list[Entry | ImportedChange]:
    """Return what happened to the invoice, newest first."""
    happened: list[Entry | ImportedChange] = [*audit.of_subject(f"invoice:{invoice_id}"), *_imported(invoice_id)]
    return sorted(happened, key=lambda one: one.at, reverse=True)


def latest(limit: int, as_of: AsOf) -> list[AuditEvent | ImportDone]:
    """Return what had been done last by the end of the day, newest first."""
    entries = audit.latest(limit, as_of.ended_at)
    events: list[AuditEvent | ImportDone] = [*named(entries)]
    if not current_user.scope().is_everything:
        return events
    done = [*events, *(one for one in _imports(as_of) if as_of.has_seen(one.at))]
    return sorted(done, key=lambda one: one.at, reverse=True)[:limit]


def named(entries: Iterable[Entry]) -> list[AuditEvent]:
    """Return the entries with what the things are called that they are about, nothing where they are gone."""
    known = list(entries)
    labels = _labels(known)
    return [AuditEvent(entry, labels.get(entry.subject, "")) for entry in known]


def _imported(invoice_id: int) -> Iterable[ImportedChange]:
    for at, actor, action, import_id, file_name, tab, row, before in _imported_rows(invoice_id):
        was = json.loads(before) if before else {}
        yield ImportedChange(at, actor, action, import_id, file_name, tab, row, was)


@compiled
def _imported_rows(invoice_id: Slot) -> Any:
    row = ImportedRowModel
    told = (
        ImportModel.applied_at,
        _actor(),
        row.action,
        ImportModel.id,
        ImportModel.file_name,
        row.tab,
        row.row,
        row.before,
    )
    return (
        row.select(*told)
        .join(ImportModel)
        .join(UserModel, JOIN.LEFT_OUTER)
        .where(row.kind == "invoice", row.record_id == invoice_id.value, ImportModel.state == "applied")
        .order_by(row.id)
    )


def _imports(as_of: AsOf) -> Iterable[ImportDone]:
    for applied_at, undone_at, actor, import_id, file_name in _imports_before(as_of.ended_at):
        yield ImportDone(applied_at, actor, "import.applied", import_id, file_name)
        if undone_at is not None:
            yield ImportDone(undone_at, actor, "import.undone", import_id, file_name)


@compiled
def _imports_before(moment: Slot) -> Any:
    told = (ImportModel.applied_at, ImportModel.undone_at, _actor(), ImportModel.id, ImportModel.file_name)
    earlier = ImportModel.applied_at < moment.of(ImportModel.applied_at)
    return (
        ImportModel.select(*told)
        .join(UserModel, JOIN.LEFT_OUTER)
        .where(earlier)
        .order_by(ImportModel.id.desc())
        .limit(_MOST_IMPORTS)
    )


def _labels(entries: Iterable[Entry]) -> dict[str, str]:
    subjects = {entry.subject for entry in entries}
    return {
        **_called("invoice", InvoiceModel, InvoiceModel.number, subjects),
        **_called("customer", CustomerModel, CustomerModel.name, subjects),
        **_called("import", ImportModel, ImportModel.file_name, subjects),
        **_called("user", UserModel, _actor(), subjects),
    }


def _called(kind: str, table: Any, name: Any, subjects: Iterable[str]) -> dict[str, str]:
    ids = [int(subject.partition(":")[2]) for subject in subjects if subject.startswith(f"{kind}:")]
    if not ids:
        return {}
    return {f"{kind}:{found}": label for found, label in table.select(table.id, name).where(table.id.in_(ids)).tuples()}


def _actor() -> Any:
    return fn.COALESCE(fn.NULLIF(UserModel.name, ""), UserModel.email, "")
