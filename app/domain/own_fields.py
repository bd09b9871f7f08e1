"""Own fields: unrecognised columns of a workbook, stored as texts by heading."""

from collections.abc import Mapping
from typing import Any

LONGEST_NAME = 200
LONGEST_TEXT = 10_000
MOST = 100


def merged(stored: Mapping[str, str], entered: Mapping[str, str]) -> dict[str, str]:
    """Update the stored fields with `entered`; an empty text removes a field."""
    return {name: text for name, text in {**stored, **entered}.items() if text}


def differences(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    return [name for name in {**before, **after} if before.get(name, "") != after.get(name, "")]


def changes(values: Mapping[str, Any], others: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that differ from `others`; of `own_fields`, only the fields that differ."""
    found = {name: value for name, value in values.items() if value != others[name]}
    if "own_fields" in found:
        names = differences(others["own_fields"], values["own_fields"])
        found["own_fields"] = {name: values["own_fields"].get(name, "") for name in names}
    return found
