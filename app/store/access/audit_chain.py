"""The hash chain of the audit: each entry seals its values and the hash of the entry before it."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from app.store.db.compiled_queries import compiled
from app.store.db.database import AdvisoryLock
from app.store.db.locks import one_at_a_time
from app.store.db.tables import AuditEntryModel

BEGINNING = "0" * 64
_VERIFIED_AT_ONCE = 10_000
_SEALED = "at user_id actor address request_id program action subject before after previous_hash".split()
# Entries older than these columns were hashed without them.
_SEALED_LATER = frozenset({"address", "request_id", "program"})


@dataclass(frozen=True, slots=True)
class Broken:
    entry_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class Verified:
    """The result of a check: the number of valid entries, the last one's hash, whether the noted hash was found."""

    entries: int
    head: str
    broken: Broken | None
    has_noted_head: bool


def verify(noted_head: str = BEGINNING) -> Verified:
    """Verify the hash chain up to its end or the first broken entry; `noted_head` is a hash noted earlier."""
    entries, head = 0, BEGINNING
    has_noted_head = noted_head == head
    for entry_id, entry_hash, values in _sealed():
        if values["previous_hash"] != head:
            reason = "it does not follow the entry before it: one was removed, added or moved"
            return Verified(entries, head, Broken(entry_id, reason), has_noted_head)
        if seal(values) != entry_hash:
            reason = "what it says is not what was sealed"
            return Verified(entries, head, Broken(entry_id, reason), has_noted_head)
        entries, head = entries + 1, entry_hash
        has_noted_head = has_noted_head or noted_head == head
    return Verified(entries, head, None, has_noted_head)


def lengthen(entry: Mapping[str, Any]) -> None:
    """Write the entry, sealed, at the end of the chain; call it only from `audit.append`."""
    one_at_a_time(AdvisoryLock.AUDIT_CHAIN)
    values = {**entry, "previous_hash": _latest_hash()}
    AuditEntryModel.create(**values, entry_hash=seal(values))


def _latest_hash() -> str:
    return next((latest for (latest,) in _newest_hash()), BEGINNING)


@compiled
def _newest_hash() -> Any:
    return AuditEntryModel.select(AuditEntryModel.entry_hash).order_by(AuditEntryModel.id.desc()).limit(1)


def seal(values: Mapping[str, Any]) -> str:
    sealed = {name: value for name, value in values.items() if value is not None or name not in _SEALED_LATER}
    text = json.dumps({**sealed, "at": values["at"].isoformat()}, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _sealed() -> Iterator[tuple[int, str, dict[str, Any]]]:
    """Yield each entry's id, hash and hashed values, oldest first, read in batches."""
    columns = [getattr(AuditEntryModel, name) for name in _SEALED]
    latest_id = 0
    while True:
        rows: Any = AuditEntryModel.select(AuditEntryModel.id, AuditEntryModel.entry_hash, *columns)
        found = list(
            rows.where(AuditEntryModel.id > latest_id).order_by(AuditEntryModel.id).limit(_VERIFIED_AT_ONCE).tuples()
        )
        for latest_id, entry_hash, *values in found:  # the next batch starts after latest_id
            yield latest_id, entry_hash, dict(zip(_SEALED, values, strict=True))
        if not found:
            return
