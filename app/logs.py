"""Logging to standard error, one line per record, as JSON or as text."""

import logging
from datetime import UTC, datetime

from pythonjsonlogger.json import JsonFormatter

from app.store.db import current_user

# Characters that would start a new line or act as terminal control sequences.
_CONTROLS = [*range(32), *range(127, 160), 0x2028, 0x2029]
_ESCAPED = {code: repr(chr(code))[1:-1] for code in _CONTROLS}


def set_up(level: str, log_format: str, errors: logging.Handler | None = None) -> None:
    """Configure the root logger, libraries included; `log_format` is `json` or `text`, `errors` counts them."""
    handler = logging.StreamHandler()
    handler.setFormatter(_json() if log_format == "json" else _Text())
    handlers = [handler, *([errors] if errors else [])]
    for one in handlers:
        one.addFilter(_add_context)
    logging.basicConfig(level=level, handlers=handlers, force=True)
    # Peewee logs queries at DEBUG with their parameters, some of which are secret.
    logging.getLogger("peewee").setLevel(logging.WARNING)
    logging.getLogger("huey").setLevel(logging.WARNING)


def _add_context(record: logging.LogRecord) -> bool:
    """Add the request's id and the user's id to the record; never a name."""
    actor = current_user.actor()
    if actor.request_id:
        record.request_id = actor.request_id
    if actor.user_id is not None:
        record.user_id = actor.user_id
    return True


def _json() -> JsonFormatter:
    names = {"levelname": "level", "name": "logger", "exc_info": "traceback"}
    return JsonFormatter(["levelname", "name", "message"], rename_fields=names, timestamp="time")


class _Text(logging.Formatter):
    """A readable line; a traceback is indented, so that none of its lines can pass for a log line."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(" ", "milliseconds").removesuffix("+00:00")
        context = "".join(
            f" {name.removesuffix('_id')} {getattr(record, name)}"
            for name in ("request_id", "user_id")
            if hasattr(record, name)
        )
        line = f"{at} {record.levelname} {record.name}{context}: {record.getMessage()}".translate(_ESCAPED)
        traceback = self.formatException(record.exc_info).splitlines() if record.exc_info else []
        return "\n    ".join([line, *(one.translate(_ESCAPED) for one in traceback)])
