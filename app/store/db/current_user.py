"""Who asks: what they may see, and from where; set once for a request, and asked by whatever reads or records.

with asked_by(Asker(scope=user.scope, address="203.0.113.7")):
    invoices.matching(…)          # finds only what the scope covers

Whoever asks without it is the app itself, which sees everything: a command, the worker. `program` is what asks in a
person's place: that of an API token, or "the command line".
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace

from app.domain.permissions import EVERYTHING, Scope


@dataclass(frozen=True, slots=True)
class Actor:
    """What is known of whoever asks: scope, network address, the id of the request, the program, the user's id."""

    scope: Scope = EVERYTHING
    address: str = ""
    request_id: str = ""
    program: str = ""
    user_id: int | None = None


_APP = Actor()
_asker: ContextVar[Actor] = ContextVar("asker", default=_APP)


def actor() -> Actor:
    """Return who asks."""
    return _asker.get()


def scope() -> Scope:
    """Return what whoever asks may see."""
    return _asker.get().scope


@contextmanager
def acting_as(asker: Actor) -> Iterator[None]:
    """Answer the block's questions as the asker may see it."""
    before = _asker.set(asker)
    try:
        yield
    finally:
        _asker.reset(before)


@contextmanager
def seeing_everything() -> Iterator[None]:
    """Look, in the block, beyond the scope of whoever asks: for rules that hold for all receivables together."""
    with acting_as(replace(actor(), scope=EVERYTHING)):
        yield
