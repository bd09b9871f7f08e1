"""The lock that keeps two people from changing a server at once: a folder, because making one is all or nothing."""

import getpass
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from playbooks.steps.moment import utc_now
from provisioning.host import Host

FOLDER = "/opt/invoices/lock"
_HOLDER = f"{FOLDER}/holder"


@dataclass(frozen=True, slots=True)
class Holder:
    """Who changes the server, with what, and since when."""

    who: str
    what: str
    since: str

    def __str__(self) -> str:
        return f"{self.who} holds the lock since {self.since} for: {self.what}"


class LockedError(Exception):
    """Somebody else changes the server; the message says who, since when, and what to do."""


def holder(host: Host) -> Holder | None:
    """Return who holds the lock, if anybody does."""
    if not host.run("test", "-d", FOLDER, check=False).ok:
        return None
    told = host.read(_HOLDER)
    return Holder(**json.loads(told)) if told else Holder("Somebody", "unknown", "an unknown time")


@contextmanager
def held(host: Host, what: str) -> Iterator[None]:
    """Hold the lock for the block; raises LockedError."""
    acquire(host, what)
    try:
        yield
    finally:
        release(host)


def acquire(host: Host, what: str) -> None:
    """Take the lock; raises LockedError."""
    host.act("mkdir", "-p", FOLDER.rpartition("/")[0])
    if not host.act("mkdir", FOLDER, check=False).ok:
        raise LockedError(
            f"{host.name}: {holder(host)}. Wait for it to end; if it was cut off, look at `fab status`, "
            "then take the lock away with `fab lock --release`."
        )
    host.write(_HOLDER, json.dumps({"who": performer(), "what": what, "since": utc_now()}))


def release(host: Host) -> None:
    """Give the lock back, whoever holds it."""
    host.act("rm", "-rf", "--", FOLDER)


def performer() -> str:
    """Return who runs this command, for others to read."""
    return f"{getpass.getuser()}@{socket.gethostname()}"
