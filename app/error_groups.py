"""Errors of the app and its worker, by kind and place: how often, since when, and the ids under which the log has more.

They are kept in a file, as the database may be what fails, and without what an error says: that may name people.
"""

import fcntl
import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from traceback import walk_tb
from types import TracebackType
from typing import Any

_MOST_GROUPS = 50
_MOST_IDS = 5
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
    folder: Path

    def recent(self) -> RecentErrors:
        """Return none where the file cannot be read: it is begun again."""
        try:
            found = json.loads(self._file.read_text(encoding="utf-8"))
            return RecentErrors(tuple(_group(one) for one in found["groups"]), int(found["total"]))
        except (OSError, ValueError, TypeError, KeyError):
            return RecentErrors()

    def add(self, kind: str, where: str, request_id: str, at: datetime) -> None:
        """Raise OSError if it cannot be written."""
        with self._alone():
            before = self.recent()
            known = {(one.kind, one.where): one for one in before.groups}
            group = known.pop((kind, where), ErrorGroup(kind, where, 0, at, at))
            groups = (_counted(group, request_id, at), *known.values())[:_MOST_GROUPS]
            self._put({"total": before.total + 1, "groups": [asdict(one) for one in groups]})

    def _put(self, content: Mapping[str, Any]) -> None:
        fresh = self._file.with_suffix(".new")
        fresh.write_text(json.dumps(content, default=datetime.isoformat), encoding="utf-8")
        fresh.replace(self._file)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "errors.lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    @property
    def _file(self) -> Path:
        return self.folder / "errors.json"


@dataclass(eq=False)
class ErrorHandler(logging.Handler):
    """Adds each line of the log that is an error."""

    errors: ErrorGroups
    level: int = field(default=logging.ERROR)

    def __post_init__(self) -> None:
        super().__init__(self.level)

    def emit(self, record: logging.LogRecord) -> None:
        kind, where = _place(record)
        try:
            self.errors.add(kind, where, getattr(record, "request_id", ""), datetime.fromtimestamp(record.created, UTC))
        except OSError:  # a full disk, for one: the log itself has it
            return


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
