"""The deploy log on the server: one line for each action, append-only."""

from collections.abc import Iterator
from contextlib import contextmanager

from playbooks.steps.lock import performer
from playbooks.steps.moment import utc_now
from playbooks.steps.session import EXPECTED
from provisioning.host import Host

PATH = "/var/log/invoices/deploys.log"
_SHOWN = 50


def append(host: Host, command: str, version: str, result: str) -> None:
    line = f"{utc_now()} {performer()} {command} {version} {result}\n"
    host.act("sh", "-c", f"mkdir -p {PATH.rpartition('/')[0]} && cat >> {PATH}", stdin=line)


@contextmanager
def failure_logged(host: Host, command: str, version: str) -> Iterator[None]:
    try:
        yield
    except EXPECTED as error:
        append(host, command, version, f"failed: {str(error).splitlines()[0]}")
        raise
    except BaseException:
        append(host, command, version, "broken off")
        raise


def newest(host: Host) -> list[str]:
    """Return the newest 50 lines, oldest first; empty if there is no log yet."""
    found = host.run("tail", "-n", str(_SHOWN), PATH, check=False)
    return found.out.splitlines() if found.ok else []
