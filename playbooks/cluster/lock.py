"""The deploy lock of a cluster: an object of S3, which only one can create."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from playbooks.cluster import notes
from playbooks.steps.lock import performer, phrase
from playbooks.steps.moment import utc_now
from playbooks.steps.session import ClusterSession, RefusedError

_NAME = "lock"


def holder(found: ClusterSession) -> str:
    """Return a phrase: who holds the lock, since when and what for; empty if it is free."""
    noted = notes.read(found, _NAME)
    return phrase(noted) if noted else ""


@contextmanager
def held(found: ClusterSession, what: str) -> Iterator[None]:
    acquire(found, what)
    try:
        yield
    finally:
        release(found)


def acquire(found: ClusterSession, what: str) -> None:
    """Raise RefusedError if the lock is held already."""
    ours = {"who": performer(), "what": what, "since": utc_now(), "id": secrets.token_hex(8)}
    if not notes.is_created(found, _NAME, ours):
        held_by = holder(found) or "Somebody held the lock until now"
        raise RefusedError(
            f"{found.settings.name}: {held_by}. Wait for it to end; if it was cut off, look at `fab status`, then take "
            "the lock away with `fab lock --release`."
        )


def release(found: ClusterSession) -> None:
    """Release the lock, even if another user holds it."""
    notes.remove(found, _NAME)
