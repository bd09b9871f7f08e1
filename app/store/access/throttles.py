"""Throttles: waits after failed attempts, counted in the database or in Redis, so that they hold across processes.

wait = throttles.attempt([Throttled("address 203.0.113.7", free=20), …], now)     # counted before the attempt is made
…
throttles.succeeded(["account …"], ["address 203.0.113.7"])                       # it succeeded
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from app.domain.throttling import FORGOTTEN_AFTER, wait_after
from app.store.db.database import AdvisoryLock
from app.store.db.locks import one_at_a_time
from app.store.db.tables import ThrottleModel
from app.store.db.transactions import transaction


@dataclass(frozen=True, slots=True)
class Throttled:
    """A name under which attempts are counted, and the number of failed attempts that cost no wait."""

    name: str
    free: int


@dataclass(frozen=True, slots=True)
class Wait:
    """The end of the wait; `is_news` if this is the first attempt refused because of it."""

    until: datetime
    is_news: bool


class Throttles(Protocol):
    def attempt(self, counted: Sequence[Throttled], now: datetime) -> Wait | None:
        """Count an attempt under each name and return None; if there is a wait, count nothing and return the longest.

        An attempt counts as failed until `succeeded` is called: so concurrent attempts cannot exceed the limit.
        """

    def succeeded(self, forgiven: Sequence[str], uncounted: Sequence[str]) -> None:
        """Delete all attempts under the `forgiven` names, and take the successful one off the `uncounted` names."""


class DatabaseThrottles:
    def attempt(self, counted: Sequence[Throttled], now: datetime) -> Wait | None:
        names = [one.name for one in counted]
        with transaction():
            one_at_a_time(AdvisoryLock.THROTTLES)
            ThrottleModel.delete().where(ThrottleModel.latest_at <= now - FORGOTTEN_AFTER).execute()
            rows: Any = ThrottleModel.select().where(ThrottleModel.name.in_(names))
            known = {row.name: row for row in rows}
            ends = {
                one.name: row.latest_at + wait_after(row.attempts, one.free)
                for one in counted
                if (row := known.get(one.name))
            }
            if waiting := [name for name, end in ends.items() if end > now]:
                unreported = ThrottleModel.name.in_(waiting) & ~ThrottleModel.is_told
                is_news = ThrottleModel.update(is_told=True).where(unreported).execute() > 0
                return Wait(max(ends.values()), is_news)
            for name in names:
                _count(name, now)
        return None

    def succeeded(self, forgiven: Sequence[str], uncounted: Sequence[str]) -> None:
        with transaction():
            one_at_a_time(AdvisoryLock.THROTTLES)
            ThrottleModel.delete().where(ThrottleModel.name.in_(forgiven)).execute()
            fewer = ThrottleModel.update(attempts=ThrottleModel.attempts - 1)
            fewer.where(ThrottleModel.name.in_(uncounted)).execute()


def _count(name: str, now: datetime) -> None:
    ThrottleModel.insert(name=name, attempts=1, latest_at=now).on_conflict(
        conflict_target=[ThrottleModel.name],
        update={
            ThrottleModel.attempts: ThrottleModel.attempts + 1,
            ThrottleModel.latest_at: now,
            ThrottleModel.is_told: False,
        },
    ).execute()
