"""What was changed on a server, or would be: each part of it reports one for everything it looked at."""

import difflib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Change:
    """What was looked at, and whether it had to be changed.

    `diff` says how, for a person. `restart` names units that must be started anew before the change is felt, `reload`
    those that only need to read their settings again: both are done once, after everything else. `missing` says why it
    cannot be had on this machine, which is a container; on a real one that is a failure.
    """

    what: str
    changed: bool = False
    diff: str = ""
    restart: tuple[str, ...] = ()
    reload: tuple[str, ...] = ()
    missing: str = ""


def difference(before: str, after: str, name: str) -> str:
    """Return the lines that differ, as `diff -u` shows them."""
    return "\n".join(difflib.unified_diff(before.splitlines(), after.splitlines(), name, name, lineterm="", n=1))
