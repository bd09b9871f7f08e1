"""Throttles: whoever tries in vain has to wait, whichever process is asked and however many ask at once.

wait = throttles.attempt([Throttled("address 203.0.113.7", free=20), …], now)     # counted before it is tried
…
throttles.succeeded(["account …"], ["address 203.0.113.7"])                       # it was not in vain
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.domain.throttling import FORGOTTEN_AFTER, wait_after
from app.store.db.database import one_at_a_time, transaction
from app.store.db.tables import ThrottleModel

_LOCK = 7_340_515  # any number, as long as nothing else in the database locks on it


@dataclass(frozen=True, slots=True)
class Throttled:
    """A name under which attempts are counted, and how many in vain cost nothing."""

    name: str
    free: int


@dataclass(frozen=True, slots=True)
class Wait:
    """Until when nothing more is tried; `is_news` when nobody was told so before."""

    until: datetime
    is_news: bool


def attempt(counted: Sequence[Throttled], now: datetime) -> Wait | None:
    """Count an attempt under each name, or count nothing and return the longest wait that is still to come.

    It counts as made in vain until it succeeds: of many that are made at once, no more get through than may.
    """
    names = [one.name for one in counted]
    with transaction():
        one_at_a_time(_LOCK)
        ThrottleModel.delete().where(ThrottleModel.latest_at <= now - FORGOTTEN_AFTER).execute()
        rows: Any = ThrottleModel.select().where(ThrottleModel.name.in_(names))
        kept = {row.name: row for row in rows}
        until = max((_until(kept[one.name], one.free) for one in counted if one.name in kept), default=now)
        if until > now:
            untold = ThrottleModel.name.in_(names) & ~ThrottleModel.is_told
            return Wait(until, is_news=ThrottleModel.update(is_told=True).where(untold).execute() > 0)
        for name in names:
            _count(name, now)
    return None


def succeeded(forgiven: Sequence[str], uncounted: Sequence[str]) -> None:
    """Forget all that was in vain under the first names, and only the attempt that succeeded under the others."""
    with transaction():
        one_at_a_time(_LOCK)
        ThrottleModel.delete().where(ThrottleModel.name.in_(forgiven)).execute()
        ThrottleModel.update(attempts=ThrottleModel.attempts - 1).where(ThrottleModel.name.in_(uncounted)).execute()


def _until(row: Any, free: int) -> datetime:
    until: datetime = row.latest_at + wait_after(row.attempts, free)
    return until


def _count(name: str, now: datetime) -> None:
    ThrottleModel.insert(name=name, attempts=1, latest_at=now).on_conflict(
        conflict_target=[ThrottleModel.name],
        update={
            ThrottleModel.attempts: ThrottleModel.attempts + 1,
            ThrottleModel.latest_at: now,
            ThrottleModel.is_told: False,
        },
    ).execute()
