"""The job queue between the web app and the worker: Huey's tables in the database, or Redis if configured."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from huey import Huey, RedisHuey
from huey.contrib.sql_huey import SqlHuey
from huey.registry import Message
from huey.serializer import Serializer
from huey.storage import RedisStorage
from redis import ConnectionPool
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from app.store.db import tables

log = logging.getLogger(__name__)

_REDIS_PORT = 6379
_LONGEST_ANSWER_SECONDS = 3.0  # longer than the second for which the worker waits for a job
_MOMENTS = ("eta", "expires_resolved")  # when to retry a job, and when it expires


class QueueUnavailableError(Exception):
    """The message is one sentence without a password."""


class JsonSerializer(Serializer):
    """JSON, because with pickle, Huey's default, write access to the table would allow code execution."""

    def _serialize(self, data: object) -> bytes:
        if isinstance(data, Message):
            data = {"message": {name: value for name, value in data._asdict().items() if value is not None}}
        return json.dumps(data, default=_as_text).encode()

    def _deserialize(self, data: bytes) -> object:
        value = json.loads(data)
        if isinstance(value, dict) and "message" in value:
            message = value["message"]
            moments = {name: datetime.fromisoformat(message[name]) for name in _MOMENTS if name in message}
            return Message(**{**message, **moments})
        return value


def _as_text(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"A job takes what JSON knows, and moments, but no {type(value).__name__}.")


class _RedisStorage(RedisStorage):
    """Raises QueueUnavailableError from `enqueue`."""

    def enqueue(self, data: bytes, priority: int | None = None) -> None:
        with self.reached():
            super().enqueue(data, priority)

    @contextmanager
    def reached(self) -> Iterator[None]:
        try:
            yield
        except RedisError as error:
            reason = getattr(error.__context__, "strerror", None) or str(error)
            raise QueueUnavailableError(f"Redis at {self.place} cannot be used: {reason.rstrip('.')}.") from error

    @property
    def place(self) -> str:
        known = self.pool.connection_kwargs
        return f"{known['host']}:{known.get('port', _REDIS_PORT)}"


def open_queue(redis_url: str = "") -> Huey:
    """Return the queue in Redis if a URL is given, else in the database, which must be open.

    Results are not stored: the imports' rows hold them.
    """
    if redis_url:
        pool = ConnectionPool.from_url(
            redis_url,
            retry=Retry(NoBackoff(), 1),
            socket_timeout=_LONGEST_ANSWER_SECONDS,
            socket_connect_timeout=_LONGEST_ANSWER_SECONDS,
        )
        return RedisHuey(
            "invoices", storage_class=_RedisStorage, connection_pool=pool, serializer=JsonSerializer(), results=False
        )
    return SqlHuey(
        "invoices", database=tables.database.obj, serializer=JsonSerializer(), results=False, create_tables=False
    )


def check_connection(queue: Huey) -> None:
    """Raise QueueUnavailableError if the queue is in Redis and Redis does not answer or refuses access."""
    if isinstance(queue.storage, _RedisStorage):
        with queue.storage.reached():
            queue.storage.queue_size()


def place_of(queue: Huey) -> str:
    """Say where the queue is, without a password."""
    if not isinstance(queue.storage, _RedisStorage):
        return "the database"
    return f"Redis at {queue.storage.place}"


def waiting(queue: Huey) -> int | None:
    """Return how many jobs wait, None where the queue does not answer."""
    try:
        return int(queue.pending_count())
    except Exception:  # noqa: BLE001  # Redis or the database may be away, and a page shows the rest
        log.warning("the queue does not answer")
        return None


def create_tables() -> None:
    """Create Huey's tables if they are missing; Huey has no migrations for them."""
    open_queue().storage.initialize_schema()
