"""The deploy lock, so that two people do not change a server at once: a folder, because `mkdir` is atomic."""

import getpass
import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from playbooks.steps.moment import utc_now
from provisioning.host import Host, HostError

FOLDER = "/opt/invoices/lock"
_HOLDER = f"{FOLDER}/holder"


def holder(host: Host) -> str:
    """Return a phrase: who holds the lock, since when and what for; empty if it is free."""
    if not host.run("test", "-d", FOLDER, check=False).ok:
        return ""
    return phrase(json.loads(host.read(_HOLDER) or "{}"))


def phrase(noted: Mapping[str, str]) -> str:
    found = {"who": "Somebody", "what": "unknown", "since": "an unknown time", **noted}
    return "{who} holds the lock since {since} for: {what}".format(**found)


@contextmanager
def held(host: Host, what: str) -> Iterator[None]:
    acquire(host, what)
    try:
        yield
    finally:
        release(host)


def acquire(host: Host, what: str) -> None:
    """Raise HostError if the lock is held already."""
    host.act("mkdir", "-p", FOLDER.rpartition("/")[0])
    if not host.act("mkdir", FOLDER, check=False).ok:
        raise HostError(
            f"{host.name}: {holder(host)}. Wait for it to end; if it was cut off, look at `fab status`, "
            "then take the lock away with `fab lock --release`."
        )
    host.write(_HOLDER, json.dumps({"who": performer(), "what": what, "since": utc_now()}))


def release(host: Host) -> None:
    """Release the lock, even if another user holds it."""
    host.act("rm", "-rf", "--", FOLDER)


def performer() -> str:
    """Return the `user@machine` that runs this command."""
    return f"{getpass.getuser()}@{socket.gethostname()}"
