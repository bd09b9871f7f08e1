"""Appending to the audit, which only the actions do."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeAlias

from app.store.access import audit_chain
from app.store.access.users import User
from app.store.db import current_user
from app.store.db.after_commit import before_commit

_Values: TypeAlias = Mapping[str, Any]
_NOTHING: _Values = {}


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
    before_commit(partial(audit_chain.lengthen, values))


def _json(values: _Values) -> str:
    return json.dumps(values, default=str, sort_keys=True, ensure_ascii=False)
