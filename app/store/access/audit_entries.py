"""Entries of the audit: those of a subject, the latest, those that match a filter, and whether their chain is whole."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import and_
from typing import Any

from peewee import Value, fn

from app.store.db import current_user
from app.store.db.compiled_queries import Slot, compiled
from app.store.db.tables import AuditEntryModel, CustomerModel, InvoiceModel


@dataclass(frozen=True, slots=True)
class Entry:
    """One audited action; `before` and `after` hold the changed values by name, `address` the client's IP address."""

    id: int
    at: datetime
    actor: str
    action: str
    subject: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    address: str = ""
    request_id: str = ""
    program: str = ""
    user_id: int | None = None


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """A filter of entries: unset fields match everything, `since` is included, `until` is not."""

    actor: str = ""
    action: str = ""
    subjects: frozenset[str] | None = None
    address: str = ""
    since: datetime | None = None
    until: datetime | None = None


def of_subject(subject: str, limit: int = 200) -> list[Entry]:
    """Return the latest entries about a subject, newest first."""
    return [_entry(*row) for row in _of_subject(subject, limit)]


def latest(limit: int, before: datetime) -> list[Entry]:
    """Return the latest entries about invoices and customers in the user's scope before the moment, newest first."""
    return [_entry(*row) for row in _latest(before, limit)]


def of_request(request_id: str, user_id: int, since: datetime) -> list[Entry]:
    """Return what the user did by that request, newest first."""
    entry = AuditEntryModel
    own = (entry.at >= since) & (entry.user_id == user_id) & (entry.request_id == request_id)
    return [_entry(*row) for row in _newest_first().where(own).tuples()]


def matching(wanted: AuditFilter, length: int, *, older_than: int | None = None) -> list[Entry]:
    """Return `length` matching entries, newest first, with ids below `older_than` if given (keyset pagination)."""
    rows = _newest_first().where(reduce(and_, _conditions(wanted), AuditEntryModel.id > 0)).limit(length)
    if older_than is not None:
        rows = rows.where(AuditEntryModel.id < older_than)
    return [_entry(*row) for row in rows.tuples()]


def _entry(
    entry_id: int, at: datetime, actor: str, action: str, subject: str, before: str, after: str, *origin: Any
) -> Entry:
    return Entry(entry_id, at, actor, action, subject, json.loads(before), json.loads(after), *origin)


def _conditions(wanted: AuditFilter) -> Iterator[Any]:
    entry = AuditEntryModel
    if wanted.actor:
        yield entry.actor.contains(wanted.actor) | entry.program.contains(wanted.actor)
    if wanted.action:
        yield entry.action == wanted.action
    if wanted.subjects is not None:
        yield entry.subject.in_(sorted(wanted.subjects))
    if wanted.address:
        yield entry.address == wanted.address
    if wanted.since is not None:
        yield entry.at >= wanted.since
    if wanted.until is not None:
        yield entry.at < wanted.until


@compiled
def _of_subject(subject: Slot, limit: Slot) -> Any:
    return _newest_first().where(AuditEntryModel.subject == subject.value).limit(limit.value)


@compiled
def _latest(before: Slot, limit: Slot) -> Any:
    entries = _newest_first().where(AuditEntryModel.at < before.of(AuditEntryModel.at)).limit(limit.value)
    if current_user.scope().is_everything:
        return entries.where(
            AuditEntryModel.subject.startswith("invoice:") | AuditEntryModel.subject.startswith("customer:")
        )
    return entries.where(_is_of("invoice", InvoiceModel) | _is_of("customer", CustomerModel))


def _is_of(kind: str, table: type[InvoiceModel] | type[CustomerModel]) -> Any:
    """Select the entries about records of the kind in the current user's scope."""
    return AuditEntryModel.subject.in_(table.select(Value(f"{kind}:").concat(table.id.cast("TEXT"))))


def _newest_first() -> Any:
    entry = AuditEntryModel
    columns = (entry.id, entry.at, entry.actor, entry.action, entry.subject, entry.before, entry.after)
    origin = (fn.COALESCE(column, "") for column in (entry.address, entry.request_id, entry.program))
    return entry.select(*columns, *origin, entry.user_id).order_by(entry.id.desc())
