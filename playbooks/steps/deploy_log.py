"""The log of what was done to a server: one line each, only ever added to."""

from collections.abc import Iterator
from contextlib import contextmanager

from playbooks.steps.lock import performer
from playbooks.steps.moment import utc_now
from playbooks.steps.session import EXPECTED
from provisioning.host import Host

PATH = "/var/log/invoices/deploys.log"
_SHOWN = 50


def append(host: Host, command: str, version: str, result: str) -> None:
    """Add a line: when, who, what, which release, and how it ended."""
    line = f"{utc_now()} {performer()} {command} {version} {result}\n"
    host.act("sh", "-c", f"mkdir -p {PATH.rpartition('/')[0]} && cat >> {PATH}", stdin=line)


@contextmanager
def told(host: Host, command: str, version: str) -> Iterator[None]:
    """Add a line where the block fails or is broken off, too."""
    try:
        yield
    except EXPECTED as error:
        append(host, command, version, f"failed: {str(error).splitlines()[0]}")
        raise
    except BaseException:
        append(host, command, version, "broken off")
        raise


def newest(host: Host) -> list[str]:
    """Return the newest lines, oldest first."""
    found = host.run("tail", "-n", str(_SHOWN), PATH, check=False)
    return found.out.splitlines() if found.ok else []
