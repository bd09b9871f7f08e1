"""Own fields: columns of a workbook that we do not know, kept as texts under their headings."""

from collections.abc import Mapping
from typing import Any

LONGEST_NAME = 200
LONGEST_TEXT = 10_000
MOST = 100


def merged(stored: Mapping[str, str], said: Mapping[str, str]) -> dict[str, str]:
    """Return the stored fields with what is said of some of them: an empty text takes a field away."""
    return {name: text for name, text in {**stored, **said}.items() if text}


def differences(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """Return the names of the fields that differ, in the order of their columns."""
    return [name for name in {**before, **after} if before.get(name, "") != after.get(name, "")]


def changes(values: Mapping[str, Any], others: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of the values that differ from the others of the same names; of own fields only those that do."""
    found = {name: value for name, value in values.items() if value != others[name]}
    if "own_fields" in found:
        names = differences(others["own_fields"], values["own_fields"])
        found["own_fields"] = {name: values["own_fields"].get(name, "") for name in names}
    return found
