"""Appending to the audit, which only the actions do."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeAlias

from app.store.access.audit_chain import latest_hash, seal
from app.store.access.users import User
from app.store.db import current_user
from app.store.db.after_commit import before_commit
from app.store.db.locks import one_at_a_time
from app.store.db.tables import AuditEntryModel

_Values: TypeAlias = Mapping[str, Any]
_NOTHING: _Values = {}
_CHAIN_LOCK = 7_340_513  # any number, as long as nothing else in the database locks on it


def append(
    by: User | None, action: str, subject: str, *, before: _Values = _NOTHING, after: _Values = _NOTHING, now: datetime
) -> None:
    """Append an entry about a subject such as `invoice:12`; call it only inside the action's transaction.

    `by` is None without a signed-in user, as on the command line. The IP address, request id and program are those of
    the current actor. The entry is written as the transaction ends: until then nobody waits for the end of the chain.
    """
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
    }
    before_commit(partial(_write, values))


def _write(entry: _Values) -> None:
    one_at_a_time(_CHAIN_LOCK)
    values = {**entry, "previous_hash": latest_hash()}
    AuditEntryModel.create(**values, entry_hash=seal(values))


def _json(values: _Values) -> str:
    return json.dumps(values, default=str, sort_keys=True, ensure_ascii=False)
