"""The record of what people did: appended in the transaction of the deed, each entry sealed with the one before."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from peewee import Value

from app.store import asker
from app.store.database import one_at_a_time
from app.store.prepared import Slot, prepared
from app.store.tables import AuditEntry, Customer, Invoice
from app.store.users import User

_CHAIN_LOCK = 7_340_513  # any number, as long as nothing else in the database locks on it
_BEGINNING = "0" * 64


@dataclass(frozen=True, slots=True)
class Entry:
    """One deed; `before` and `after` hold what it changed, by name."""

    at: datetime
    actor: str
    action: str
    subject: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]

    @property
    def subject_id(self) -> int:
        """Return the id of what it was done to."""
        return int(self.subject.partition(":")[2])


def append(
    by: User | None, action: str, subject: str, *, before: Mapping[str, Any], after: Mapping[str, Any], now: datetime
) -> None:
    """Record a deed on a subject such as `invoice:12`; only inside the transaction that does it.

    `by` is None where nobody is signed in, or the command line does it.
    """
    one_at_a_time(_CHAIN_LOCK)
    values = {
        "at": now,
        "user_id": by.id if by else None,
        "actor": (by.name or by.email) if by else "",
        "action": action,
        "subject": subject,
        "before": _json(before),
        "after": _json(after),
        "previous_hash": _latest_hash(),
    }
    AuditEntry.create(**values, entry_hash=_seal(values))


def of_subject(subject: str, limit: int = 200) -> list[Entry]:
    """Return what was done to a subject, newest first."""
    return [_entry(*row) for row in _of_subject(subject, limit)]


def latest(limit: int, before: datetime) -> list[Entry]:
    """Return the latest deeds before the moment, newest first."""
    return [_entry(*row) for row in _latest(before, limit)]


def _entry(at: datetime, actor: str, action: str, subject: str, before: str, after: str) -> Entry:
    return Entry(at, actor, action, subject, json.loads(before), json.loads(after))


@prepared
def _of_subject(subject: Slot, limit: Slot) -> Any:
    return _newest_first().where(AuditEntry.subject == subject.value).limit(limit.value)


@prepared
def _latest(before: Slot, limit: Slot) -> Any:
    entries = _newest_first().where(AuditEntry.at < before.of(AuditEntry.at)).limit(limit.value)
    if asker.scope().is_everything:
        return entries
    return entries.where(_is_of("invoice", Invoice) | _is_of("customer", Customer))


def _is_of(kind: str, table: type[Invoice] | type[Customer]) -> Any:
    """Select the entries about records of the kind that whoever asks may see."""
    return AuditEntry.subject.in_(table.select(Value(f"{kind}:").concat(table.id.cast("TEXT"))))


def _newest_first() -> Any:
    entry = AuditEntry
    told = entry.select(entry.at, entry.actor, entry.action, entry.subject, entry.before, entry.after)
    return told.order_by(entry.id.desc())


def _latest_hash() -> str:
    return next((latest for (latest,) in _newest_hash()), _BEGINNING)


@prepared
def _newest_hash() -> Any:
    return AuditEntry.select(AuditEntry.entry_hash).order_by(AuditEntry.id.desc()).limit(1)


def _seal(values: Mapping[str, Any]) -> str:
    text = json.dumps({**values, "at": values["at"].isoformat()}, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _json(values: Mapping[str, Any]) -> str:
    return json.dumps(values, default=str, sort_keys=True, ensure_ascii=False)
