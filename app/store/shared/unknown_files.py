"""Since when files have belonged to no import, by their names: a note of the worker, which a restore takes back."""

import json
from collections.abc import Mapping
from datetime import datetime

from app.store.shared.state import StateInDatabase

_NAME = "unknown files"


def noted() -> dict[str, datetime]:
    found = json.loads(StateInDatabase().read(_NAME) or "{}")
    return {name: datetime.fromisoformat(at) for name, at in found.items()}


def note(since: Mapping[str, datetime]) -> None:
    """Replace what was noted."""
    if since != noted():
        StateInDatabase().write(_NAME, json.dumps(since, default=datetime.isoformat))
