"""The audit trail: entries are appended in the transaction of the action and form a hash chain."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import reduce
from operator import and_
from typing import Any

from peewee import Value

from app.store.access.users import User
from app.store.db import current_user
from app.store.db.compiled_queries import Slot, compiled
from app.store.db.database import one_at_a_time
from app.store.db.tables import AuditEntryModel, CustomerModel, InvoiceModel

BEGINNING = "0" * 64

_CHAIN_LOCK = 7_340_513  # any number, as long as nothing else in the database locks on it
_VERIFIED_AT_ONCE = 10_000
_SEALED = (
    AuditEntryModel.at,
    AuditEntryModel.user_id,
    AuditEntryModel.actor,
    AuditEntryModel.address,
    AuditEntryModel.request_id,
    AuditEntryModel.program,
    AuditEntryModel.action,
    AuditEntryModel.subject,
    AuditEntryModel.before,
    AuditEntryModel.after,
    AuditEntryModel.previous_hash,
)
# Entries older than these columns were hashed without them.
_SEALED_LATER = frozenset({"address", "request_id", "program"})


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
    subject: str = ""
    address: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Broken:
    """The first entry that breaks the hash chain, and why."""

    entry_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class Verified:
    """The result of a check: the number of valid entries, the last one's hash, whether the noted hash was found."""

    entries: int
    head: str
    broken: Broken | None
    has_noted_head: bool


def append(
    by: User | None, action: str, subject: str, *, before: Mapping[str, Any], after: Mapping[str, Any], now: datetime
) -> None:
    """Append an entry about a subject such as `invoice:12`; call it only inside the action's transaction.

    `by` is None without a signed-in user, as on the command line. The IP address, request id and program are those of
    the current actor.
    """
    one_at_a_time(_CHAIN_LOCK)
    actor = current_user.actor()
    values = {
        "at": now.astimezone(UTC),
        "user_id": by.id if by else None,
        "actor": (by.name or by.email) if by else "",
        "address": actor.address,
        "request_id": actor.request_id,
        "program": actor.program,
        "action": action,
        "subject": subject,
        "before": _json(before),
        "after": _json(after),
        "previous_hash": _latest_hash(),
    }
    AuditEntryModel.create(**values, entry_hash=_seal(values))


def of_subject(subject: str, limit: int = 200) -> list[Entry]:
    """Return the latest entries about a subject, newest first."""
    return [_entry(*row) for row in _of_subject(subject, limit)]


def latest(limit: int, before: datetime) -> list[Entry]:
    """Return the latest entries about invoices and customers in the user's scope before the moment, newest first."""
    return [_entry(*row) for row in _latest(before, limit)]


def matching(wanted: AuditFilter, length: int, *, older_than: int | None = None) -> list[Entry]:
    """Return `length` matching entries, newest first, with ids below `older_than` if given (keyset pagination)."""
    rows = _newest_first().where(reduce(and_, _conditions(wanted), AuditEntryModel.id > 0)).limit(length)
    if older_than is not None:
        rows = rows.where(AuditEntryModel.id < older_than)
    return [_entry(*row) for row in rows.tuples()]


def verify(noted_head: str = BEGINNING) -> Verified:
    """Verify the hash chain up to its end or the first broken entry; `noted_head` is a hash noted earlier."""
    entries, head = 0, BEGINNING
    has_noted_head = noted_head == head
    for entry_id, entry_hash, values in _sealed():
        if values["previous_hash"] != head:
            reason = "it does not follow the entry before it: one was removed, added or moved"
            return Verified(entries, head, Broken(entry_id, reason), has_noted_head)
        if _seal(values) != entry_hash:
            reason = "what it says is not what was sealed"
            return Verified(entries, head, Broken(entry_id, reason), has_noted_head)
        entries, head = entries + 1, entry_hash
        has_noted_head = has_noted_head or noted_head == head
    return Verified(entries, head, None, has_noted_head)


def _entry(
    entry_id: int, at: datetime, user_id: int | None, actor: str, action: str, subject: str, *rest: str | None
) -> Entry:
    before, after, address, request_id, program = (text or "" for text in rest)
    changed = json.loads(before), json.loads(after)
    return Entry(entry_id, at, actor, action, subject, *changed, address, request_id, program, user_id)


def _conditions(wanted: AuditFilter) -> Iterator[Any]:
    entry = AuditEntryModel
    if wanted.actor:
        yield entry.actor.contains(wanted.actor) | entry.program.contains(wanted.actor)
    if wanted.action:
        yield entry.action == wanted.action
    if wanted.subject:
        yield entry.subject == wanted.subject
    if wanted.address:
        yield entry.address == wanted.address
    if wanted.since is not None:
        yield entry.at >= wanted.since
    if wanted.until is not None:
        yield entry.at < wanted.until


def _sealed() -> Iterator[tuple[int, str, dict[str, Any]]]:
    """Yield each entry's id, hash and hashed values, oldest first, read in batches."""
    names = [field.name for field in _SEALED]
    latest_id = 0
    while True:
        rows: Any = AuditEntryModel.select(AuditEntryModel.id, AuditEntryModel.entry_hash, *_SEALED)
        found = list(
            rows.where(AuditEntryModel.id > latest_id).order_by(AuditEntryModel.id).limit(_VERIFIED_AT_ONCE).tuples()
        )
        for latest_id, entry_hash, *values in found:  # the next batch starts after latest_id
            yield latest_id, entry_hash, dict(zip(names, values, strict=True))
        if not found:
            return


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
    columns = (entry.id, entry.at, entry.user_id, entry.actor, entry.action, entry.subject, entry.before, entry.after)
    return entry.select(*columns, entry.address, entry.request_id, entry.program).order_by(entry.id.desc())


def _latest_hash() -> str:
    return next((latest for (latest,) in _newest_hash()), BEGINNING)


@compiled
def _newest_hash() -> Any:
    return AuditEntryModel.select(AuditEntryModel.entry_hash).order_by(AuditEntryModel.id.desc()).limit(1)


def _seal(values: Mapping[str, Any]) -> str:
    sealed = {name: value for name, value in values.items() if value is not None or name not in _SEALED_LATER}
    text = json.dumps({**sealed, "at": values["at"].isoformat()}, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _json(values: Mapping[str, Any]) -> str:
    return json.dumps(values, default=str, sort_keys=True, ensure_ascii=False)
