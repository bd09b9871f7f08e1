"""Errors of the app and its worker, by kind and place: how often, since when, and the ids under which the log has more.

They are kept without what an error says, as that may name people: on one machine in a file, as the database may be what
fails; by several copies in the database, once it can be reached.
"""

import json
import logging
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from traceback import walk_tb
from types import TracebackType
from typing import Any

from app.process_state import ProcessState

_NAME = "errors"
_MOST_GROUPS = 50
_MOST_IDS = 5
_MOST_WAITING = 200
_SECONDS_BETWEEN_TRIES = 5.0
_SECONDS_BEFORE_END = 2.0
_PRODUCT = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class ErrorGroup:
    """`request_ids` are those of the latest, the newest first."""

    kind: str
    where: str
    count: int
    first_at: datetime
    latest_at: datetime
    request_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RecentErrors:
    """`total` also counts the groups that were given up for newer ones."""

    groups: tuple[ErrorGroup, ...] = ()  # the latest first
    total: int = 0


@dataclass(frozen=True, slots=True)
class ErrorGroups:
    state: ProcessState

    def recent(self) -> RecentErrors:
        """Return none where the file cannot be read: it is begun again."""
        try:
            found = json.loads(self.state.read(_NAME) or "")
            return RecentErrors(tuple(_group(one) for one in found["groups"]), int(found["total"]))
        except (OSError, ValueError, TypeError, KeyError):
            return RecentErrors()

    def add(self, kind: str, where: str, request_id: str, at: datetime) -> None:
        """Raise OSError if it cannot be written."""
        with self.state.alone(_NAME):
            before = self.recent()
            known = {(one.kind, one.where): one for one in before.groups}
            group = known.pop((kind, where), ErrorGroup(kind, where, 0, at, at))
            groups = (_counted(group, request_id, at), *known.values())[:_MOST_GROUPS]
            content = {"total": before.total + 1, "groups": [asdict(one) for one in groups]}
            self.state.write(_NAME, json.dumps(content, default=datetime.isoformat))


@dataclass(eq=False)
class ErrorHandler(logging.Handler):
    """Adds each line of the log that is an error."""

    errors: ErrorGroups
    level: int = field(default=logging.ERROR)

    def __post_init__(self) -> None:
        super().__init__(self.level)

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self.errors.add(*_entry_of(record))
        except OSError:  # a full disk, for one: the log itself has it
            return


class LaterErrorHandler(logging.Handler):
    """Adds errors in a thread of its own: it waits for a database that is away, and is part of no transaction.

    What was not added when the process ends is in the log only, and so is what there is too much of.
    """

    def __init__(self, errors: ErrorGroups, seconds_between_tries: float = _SECONDS_BETWEEN_TRIES) -> None:
        super().__init__(logging.ERROR)
        self._errors = errors
        self._seconds_between_tries = seconds_between_tries
        self._waiting: deque[tuple[str, str, str, datetime]] = deque(maxlen=_MOST_WAITING)
        self._is_new, self._is_closing = Event(), Event()
        self._thread: Thread | None = None

    def emit(self, record: logging.LogRecord) -> None:
        self._waiting.append(_entry_of(record))
        self._is_new.set()
        if self._thread is None:  # not before: the server forks its processes after the log is set up
            self._thread = Thread(target=self._hand_in_all, name="errors", daemon=True)
            self._thread.start()

    def close(self) -> None:
        self._is_closing.set()
        self._is_new.set()
        if self._thread:
            self._thread.join(_SECONDS_BEFORE_END)
        super().close()

    def _hand_in_all(self) -> None:
        while not self._is_closing.is_set():
            self._is_new.wait()
            self._is_new.clear()
            while not self._is_handed_in() and not self._is_closing.wait(self._seconds_between_tries):
                pass

    def _is_handed_in(self) -> bool:
        while self._waiting:
            try:
                self._errors.add(*self._waiting[0])
            except OSError:
                return False
            self._waiting.popleft()
        return True


def _entry_of(record: logging.LogRecord) -> tuple[str, str, str, datetime]:
    return *_place(record), getattr(record, "request_id", ""), datetime.fromtimestamp(record.created, UTC)


def _place(record: logging.LogRecord) -> tuple[str, str]:
    """Return the kind and the place: nothing that was filled into a message."""
    raised = record.exc_info[1] if record.exc_info else None
    if raised is None:
        return "message", f"{_within_product(record.pathname)}, line {record.lineno}"
    return type(raised).__name__, _raised_at(raised.__traceback__) or _within_product(record.pathname)


def _raised_at(traceback: TracebackType | None) -> str:
    """Return the last place of ours that it came through, else the very last."""
    frames = [(frame.f_code, line) for frame, line in walk_tb(traceback)]
    ours = [one for one in frames if Path(one[0].co_filename).is_relative_to(_PRODUCT)]
    for code, line in reversed(ours or frames):
        return f"{_within_product(code.co_filename)}, line {line}, in {code.co_name}"
    return ""


def _within_product(path: str) -> str:
    place = Path(path)
    return str(place.relative_to(_PRODUCT.parent)) if place.is_relative_to(_PRODUCT) else place.name


def _counted(group: ErrorGroup, request_id: str, at: datetime) -> ErrorGroup:
    ids = (request_id, *group.request_ids) if request_id else group.request_ids
    return replace(group, count=group.count + 1, latest_at=max(at, group.latest_at), request_ids=ids[:_MOST_IDS])


def _group(kept: Mapping[str, Any]) -> ErrorGroup:
    return ErrorGroup(
        str(kept["kind"]),
        str(kept["where"]),
        int(kept["count"]),
        datetime.fromisoformat(kept["first_at"]),
        datetime.fromisoformat(kept["latest_at"]),
        tuple(map(str, kept["request_ids"])),
    )
