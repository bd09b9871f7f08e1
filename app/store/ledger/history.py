"""The history of an invoice and the latest activity: audit entries combined with imports."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from peewee import JOIN, fn

from app.domain.as_of import AsOf
from app.store.access import audit_entries
from app.store.access.audit_entries import Entry
from app.store.db import current_user
from app.store.db.compiled_queries import Slot, compiled
from app.store.db.tables import (
    CustomerModel,
    ImportedRowModel,
    ImportModel,
    IncomingPaymentModel,
    InvoiceModel,
    UserModel,
)
from app.store.ledger.snapshot import compared

_MOST_IMPORTS = 20
_MOST_SUBJECTS = 100
_SUBJECT = re.compile(r"[a-z_]+:\S.*")


@dataclass(frozen=True, slots=True)
class ImportedChange:
    """A change of an invoice by a workbook's row; `before` has the old values by name, {} where it was created."""

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
    at: datetime
    actor: str
    action: str
    import_id: int
    file_name: str


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """`label` names the subject, "" if it no longer exists."""

    entry: Entry
    label: str

    @property
    def at(self) -> datetime:
        return self.entry.at


def of_invoice(invoice_id: int) -> list[Entry | ImportedChange]:
    """Return audit entries and changes by applied imports, newest first."""
    imported = (
        ImportedChange(at, actor, action, import_id, file_name, tab, row, json.loads(before or "{}"))
        for at, actor, action, import_id, file_name, tab, row, before in _imported_rows(invoice_id)
    )
    events: list[Entry | ImportedChange] = [*audit_entries.of_subject(f"invoice:{invoice_id}"), *imported]
    return sorted(events, key=lambda one: one.at, reverse=True)


def last_saver(invoice_id: int) -> tuple[str, datetime] | None:
    """Return who changed the invoice itself last, not its payments, and when; None where the command line did."""
    for one in of_invoice(invoice_id):
        if isinstance(one, ImportedChange) or one.action.startswith("invoice."):
            return (one.actor, one.at) if one.actor else None
    return None


def latest(limit: int, as_of: AsOf) -> list[AuditEvent | ImportDone]:
    """Return the latest events up to the end of the day, newest first; imports only if the user sees everything."""
    entries = audit_entries.latest(limit, as_of.ended_at)
    events: list[AuditEvent | ImportDone] = [*named(entries)]
    if not current_user.scope().is_everything:
        return events
    done = [*events, *(one for one in _imports(as_of) if as_of.has_seen(one.at))]
    return sorted(done, key=lambda one: one.at, reverse=True)[:limit]


def named(entries: Iterable[Entry]) -> list[AuditEvent]:
    known = list(entries)
    subjects = {entry.subject for entry in known}
    labels = {
        **_labels_of("invoice", InvoiceModel, InvoiceModel.number, subjects),
        **_labels_of("customer", CustomerModel, CustomerModel.name, subjects),
        **_labels_of("import", ImportModel, ImportModel.file_name, subjects),
        **_labels_of("incoming_payment", IncomingPaymentModel, IncomingPaymentModel.provider_payment_id, subjects),
        **_labels_of("user", UserModel, _actor(), subjects),
    }
    return [AuditEvent(entry, labels.get(entry.subject, "")) for entry in known]


def subjects_called(text: str) -> frozenset[str]:
    """Return the subjects of this id, as in `invoice:12`, or else those of this number or with this in their name."""
    if _SUBJECT.fullmatch(text):
        return frozenset({text})
    customer, user = CustomerModel, UserModel
    found = {
        "invoice": InvoiceModel.select(InvoiceModel.id).where(InvoiceModel.number_key == compared(text)),
        "customer": customer.select(customer.id).where(customer.name.contains(text) | (customer.code == text)),
        "user": user.select(user.id).where(user.name.contains(text) | user.email.contains(text)),
        "import": ImportModel.select(ImportModel.id).where(ImportModel.file_name.contains(text)),
        "incoming_payment": IncomingPaymentModel.select(IncomingPaymentModel.id).where(
            IncomingPaymentModel.provider_payment_id == text
        ),
    }
    return frozenset(
        f"{kind}:{one}" for kind, query in found.items() for (one,) in query.limit(_MOST_SUBJECTS).tuples()
    )


@compiled
def _imported_rows(invoice_id: Slot) -> Any:
    row, source = ImportedRowModel, ImportModel
    place = (row.tab, row.row, row.before)
    return (
        row.select(source.applied_at, _actor(), row.action, source.id, source.file_name, *place)
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
    columns = (ImportModel.applied_at, ImportModel.undone_at, _actor(), ImportModel.id, ImportModel.file_name)
    earlier = ImportModel.applied_at < moment.of(ImportModel.applied_at)
    return (
        ImportModel.select(*columns)
        .join(UserModel, JOIN.LEFT_OUTER)
        .where(earlier)
        .order_by(ImportModel.id.desc())
        .limit(_MOST_IMPORTS)
    )


def _labels_of(kind: str, table: Any, name: Any, subjects: Iterable[str]) -> dict[str, str]:
    ids = [int(subject.partition(":")[2]) for subject in subjects if subject.startswith(f"{kind}:")]
    if not ids:
        return {}
    return {f"{kind}:{found}": label for found, label in table.select(table.id, name).where(table.id.in_(ids)).tuples()}


def _actor() -> Any:
    return fn.COALESCE(fn.NULLIF(UserModel.name, ""), UserModel.email, "")
