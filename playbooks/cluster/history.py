"""What was done to a cluster: one note for each action, which is never written over."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from playbooks.cluster import notes
from playbooks.steps import aws
from playbooks.steps.lock import performer
from playbooks.steps.moment import utc_now, utc_now_in_names
from playbooks.steps.session import EXPECTED, ClusterSession

_FOLDER = "history"


def append(found: ClusterSession, command: str, version: str, result: str) -> None:
    line = f"{utc_now()} {performer()} {command} {version} {result}"
    notes.is_created(found, f"{_FOLDER}/{utc_now_in_names()}-{secrets.token_hex(4)}", {"line": line})


@contextmanager
def failure_noted(found: ClusterSession, command: str, version: str) -> Iterator[None]:
    try:
        yield
    except (*EXPECTED, *aws.Error) as error:
        append(found, command, version, f"failed: {str(error).splitlines()[0]}")
        raise
    except BaseException:
        append(found, command, version, "broken off")
        raise


def newest(found: ClusterSession, count: int) -> list[str]:
    """Return their lines, oldest first."""
    names = notes.names_in(found, _FOLDER)[-count:]
    return [str(notes.read(found, name).get("line", "")) for name in names]
