"""The result of checking one thing on a server, and changing it where needed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Change:
    """`diff` shows the change to the operator.

    `restart` names units to restart before the change takes effect: once, after everything else. `missing` is why this
    machine cannot have it: it is a container (on a real machine that is a failure), or its file system is not ext4.
    """

    what: str
    changed: bool = False
    diff: str = ""
    restart: tuple[str, ...] = ()
    missing: str = ""
