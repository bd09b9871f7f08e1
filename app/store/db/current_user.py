"""The current actor: the scope, IP address and ids behind the current request, used by queries, audit and logs.

Without one, the app itself acts, which sees everything. `program` is what acts in a user's place: an API token's
program, "the command line" or "the worker".
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace

from app.domain.permissions import EVERYTHING, Scope


@dataclass(frozen=True, slots=True)
class Actor:
    scope: Scope = EVERYTHING
    address: str = ""
    request_id: str = ""
    program: str = ""
    user_id: int | None = None


_APP = Actor()
_actor: ContextVar[Actor] = ContextVar("actor", default=_APP)


def actor() -> Actor:
    return _actor.get()


def scope() -> Scope:
    return _actor.get().scope


@contextmanager
def acting_as(user: Actor) -> Iterator[None]:
    before = _actor.set(user)
    try:
        yield
    finally:
        _actor.reset(before)


@contextmanager
def seeing_everything() -> Iterator[None]:
    """Ignore the current scope in the block: for rules over all receivables, such as uniqueness."""
    with acting_as(replace(actor(), scope=EVERYTHING)):
        yield
