"""The log: one line for each thing that happened, as JSON for machines or as text for a person, on standard error."""

import logging
from datetime import UTC, datetime

from pythonjsonlogger.json import JsonFormatter

from app.store.db import current_user

# What would begin another line, or tell the terminal to do something.
_CONTROLS = [*range(32), *range(127, 160), 0x2028, 0x2029]
_ESCAPED = {code: repr(chr(code))[1:-1] for code in _CONTROLS}


def set_up(level: str, log_format: str) -> None:
    """Write all logs of this process in the format, `json` or `text`; what a library logs as well."""
    handler = logging.StreamHandler()
    handler.addFilter(_say_for_whom)
    handler.setFormatter(_json() if log_format == "json" else _Text())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # Queries are logged with their values, of which some are secret.
    logging.getLogger("peewee").setLevel(logging.WARNING)
    logging.getLogger("huey").setLevel(logging.WARNING)


def _say_for_whom(record: logging.LogRecord) -> bool:
    """Add what the line belongs to: a request's id, a user's number, never a name."""
    known = current_user.actor()
    if known.request_id:
        record.request_id = known.request_id
    if known.user_id is not None:
        record.user_id = known.user_id
    return True


def _json() -> JsonFormatter:
    names = {"levelname": "level", "name": "logger", "exc_info": "traceback"}
    return JsonFormatter(["levelname", "name", "message"], rename_fields=names, timestamp="time")


class _Text(logging.Formatter):
    """A line as a person reads it; what follows from a failure is set in, so that it cannot pass for another line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, with the failure that it is about below it."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(" ", "milliseconds").removesuffix("+00:00")
        whose = "".join(
            f" {name.removesuffix('_id')} {getattr(record, name)}"
            for name in ("request_id", "user_id")
            if hasattr(record, name)
        )
        line = f"{at} {record.levelname} {record.name}{whose}: {record.getMessage()}".translate(_ESCAPED)
        failure = self.formatException(record.exc_info).splitlines() if record.exc_info else []
        return "\n    ".join([line, *(one.translate(_ESCAPED) for one in failure)])
