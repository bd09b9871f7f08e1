"""The counts that limit attempts and requests: in the database, or in Redis where that is chosen.

While Redis does not answer, they go on in the database, which counts from where it left off itself: the two
counts are not added up, so a limit holds twice at most. Redis is asked again after a few seconds.
"""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, TypeVar

import redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from app.domain.throttling import FORGOTTEN_AFTER, WAITS
from app.store.access import api_tokens
from app.store.access.throttles import DatabaseThrottles, Throttled, Throttles, Wait

KEYS = "invoices.limits."  # how the names of all keys begin, as the rules of Redis for the app say too
_LONGEST_ANSWER_SECONDS = 0.5
_SECONDS_BEFORE_ASKING_AGAIN = 5.0
_MICROSECOND = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_Answer = TypeVar("_Answer")

log = logging.getLogger(__name__)


class TokenUses(Protocol):
    def count(self, token_id: int, now: datetime) -> int:
        """Count a use of the API token and return the number of uses in this minute, across all processes."""


@dataclass(frozen=True, slots=True)
class Limits:
    throttles: Throttles
    token_uses: TokenUses


def open_limits(redis_url: str = "") -> Limits:
    """Return limits that are counted in Redis if a URL is given, else in the database."""
    if not redis_url:
        return Limits(DatabaseThrottles(), DatabaseTokenUses())
    reached = _Redis(redis_url)
    return Limits(RedisThrottles(reached, DatabaseThrottles()), RedisTokenUses(reached, DatabaseTokenUses()))


class DatabaseTokenUses:
    def count(self, token_id: int, now: datetime) -> int:
        return api_tokens.count_use(token_id, now)


class _Redis:
    """Each script is atomic; one that Redis does not answer is done by the database instead."""

    def __init__(self, url: str) -> None:
        # One retry: a connection of before a restart of Redis fails once.
        client = redis.Redis.from_url(
            url,
            decode_responses=True,
            retry=Retry(NoBackoff(), 1),
            socket_timeout=_LONGEST_ANSWER_SECONDS,
            socket_connect_timeout=_LONGEST_ANSWER_SECONDS,
        )
        self.attempt = client.register_script(_ATTEMPT)
        self.succeeded = client.register_script(_SUCCEEDED)
        self.use = client.register_script(_USE)
        self._asked_again_at = 0.0

    def ask(self, script: Callable[[], _Answer], instead: Callable[[], _Answer]) -> _Answer:
        if time.monotonic() >= self._asked_again_at:
            try:
                return script()
            except RedisError as error:
                self._asked_again_at = time.monotonic() + _SECONDS_BEFORE_ASKING_AGAIN
                log.warning("limits are counted in the database, as Redis cannot be used: %s", type(error).__name__)
        return instead()


@dataclass(frozen=True, slots=True)
class RedisThrottles:
    """Of each name a hash: its attempts, the latest in microseconds, and `reported`: whether a refusal was reported."""

    redis: _Redis
    instead: Throttles

    def attempt(self, counted: Sequence[Throttled], now: datetime) -> Wait | None:
        return self.redis.ask(lambda: self._attempt(counted, now), lambda: self.instead.attempt(counted, now))

    def succeeded(self, forgiven: Sequence[str], uncounted: Sequence[str]) -> None:
        self.redis.ask(
            lambda: self._succeeded(forgiven, uncounted), lambda: self.instead.succeeded(forgiven, uncounted)
        )

    def _attempt(self, counted: Sequence[Throttled], now: datetime) -> Wait | None:
        given = [_microseconds(now), FORGOTTEN_AFTER // _MICROSECOND, *(one.free for one in counted), *_WAITS]
        answer: Any = self.redis.attempt(keys=[_key(one.name) for one in counted], args=given)
        if answer is None:
            return None
        until, is_news = answer
        return Wait(_EPOCH + int(until) * _MICROSECOND, bool(is_news))

    def _succeeded(self, forgiven: Sequence[str], uncounted: Sequence[str]) -> None:
        keys = [_key(name) for name in (*forgiven, *uncounted)]
        self.redis.succeeded(keys=keys, args=[len(forgiven)])


@dataclass(frozen=True, slots=True)
class RedisTokenUses:
    """The database hears of a token's first use in a minute only, for the day of its last use."""

    redis: _Redis
    instead: TokenUses
    key: str = field(default=f"{KEYS}token.")

    def count(self, token_id: int, now: datetime) -> int:
        def ask() -> int:
            key = f"{self.key}{token_id}.{int(now.timestamp()) // 60}"
            answer: Any = self.redis.use(keys=[key], args=[])
            return int(answer)

        used = self.redis.ask(ask, lambda: self.instead.count(token_id, now))
        if used == 1:
            api_tokens.note_use(token_id, now)
        return used


def _key(name: str) -> str:
    return f"{KEYS}throttle.{name}"


def _microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


_WAITS = tuple(wait // _MICROSECOND for wait in WAITS)

# The rule is that of app/domain/throttling.py, whose waits are handed in: a test holds both to the same answers.
_ATTEMPT = """
local now, forgotten, names = tonumber(ARGV[1]), tonumber(ARGV[2]), #KEYS
local waits, longest, waiting = #ARGV - 2 - names, 0, {}
for i, key in ipairs(KEYS) do
  local row = redis.call('HMGET', key, 'attempts', 'latest')
  if row[1] and tonumber(row[2]) > now - forgotten then
    local beyond, ends = tonumber(row[1]) - tonumber(ARGV[2 + i]), tonumber(row[2])
    if beyond > 0 then
      ends = ends + tonumber(ARGV[2 + names + math.min(beyond, waits)])
    end
    longest = math.max(longest, ends)
    if ends > now then table.insert(waiting, key) end
  elseif row[1] then
    redis.call('DEL', key)
  end
end
if #waiting > 0 then
  local news = 0
  for _, key in ipairs(waiting) do
    if redis.call('HGET', key, 'reported') ~= '1' then
      redis.call('HSET', key, 'reported', '1')
      news = 1
    end
  end
  return {string.format('%.0f', longest), news}
end
for _, key in ipairs(KEYS) do
  redis.call('HINCRBY', key, 'attempts', 1)
  redis.call('HSET', key, 'latest', ARGV[1], 'reported', '0')
  redis.call('PEXPIRE', key, string.format('%.0f', forgotten / 1000))
end
return false
"""
_SUCCEEDED = """
for i, key in ipairs(KEYS) do
  if i <= tonumber(ARGV[1]) then
    redis.call('DEL', key)
  elseif redis.call('EXISTS', key) == 1 then
    redis.call('HINCRBY', key, 'attempts', -1)
  end
end
"""
_USE = """
local used = redis.call('INCR', KEYS[1])
redis.call('EXPIRE', KEYS[1], 120)
return used
"""
