"""The queue between the web and the worker: Huey's tables in the same database."""

import json
from datetime import datetime
from typing import Any

from huey import Huey
from huey.contrib.sql_huey import SqlHuey
from huey.registry import Message
from huey.serializer import Serializer

from app.store import tables

_MOMENTS = ("eta", "expires_resolved")  # when a job is tried again, and when it is no longer worth doing


class JsonSerializer(Serializer):  # type: ignore[misc]  # huey is untyped
    """Jobs as JSON: Huey's own way is pickle, which runs whatever somebody writes into the table."""

    def _serialize(self, data: Any) -> bytes:  # noqa: ANN401  # a message, or a value that JSON knows
        if isinstance(data, Message):
            data = {"message": {name: value for name, value in data._asdict().items() if value is not None}}
        return json.dumps(data, default=_as_text).encode()

    def _deserialize(self, data: bytes) -> Any:  # noqa: ANN401  # as above
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


def open_queue() -> Huey:
    """Return the queue; the database must have been opened. Results are not kept: the imports' own rows tell."""
    return SqlHuey(
        "invoices", database=tables.database.obj, serializer=JsonSerializer(), results=False, create_tables=False
    )


def create_tables() -> None:
    """Create Huey's own tables where they are missing; it has no migrations of them."""
    open_queue().storage.initialize_schema()
