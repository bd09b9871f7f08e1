"""What the kept logs say: errors of one kind together, and the queries that took longest."""

import gzip
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import machine

FOLDER = Path("/var/log/invoices")
_NUMBERS = re.compile(r"\b[0-9a-f]{8}-[0-9a-f-]{27}\b|0x[0-9a-f]+|\d+")
_LONGEST = 160
# Whoever connects while it starts or stops is told so, and tries again.
_OF_POSTGRESQL = re.compile(
    r"(?:ERROR|FATAL|PANIC):  (?!the database system is (?:starting up|shutting down))(?P<text>.*)"
)
_SLOW = re.compile(r"duration: (?P<milliseconds>[\d.]+) ms  (?:statement|execute [^:]*|parse [^:]*): (?P<query>.*)")
_SEVERE = {"ERROR", "CRITICAL", "FATAL", "PANIC"}
_SERVER_ERROR = 500


@dataclass(frozen=True)
class SlowQuery:
    text: str
    times: int
    longest_seconds: float


def grouped_errors(since: datetime) -> Counter[str]:
    """Count the errors of all services by what they say, numbers aside."""
    found: Counter[str] = Counter()
    for service in machine.SERVICES:
        for text in filter(None, map(_error_in, lines_of(service, since))):
            found[f"{service}: {text}"] += 1
    return found


def slow_queries(since: datetime) -> list[SlowQuery]:
    """Return those of a second or more that the database logged, the longest first."""
    found: dict[str, list[float]] = {}
    for line in lines_of("db", since):
        slow = _SLOW.search(line)
        if slow:
            found.setdefault(_shortened(slow["query"]), []).append(float(slow["milliseconds"]) / 1000)
    queries = [SlowQuery(text, len(seconds), max(seconds)) for text, seconds in found.items()]
    return sorted(queries, key=lambda query: query.longest_seconds, reverse=True)


def lines_of(service: str, since: datetime) -> Iterator[str]:
    """Yield what a service printed since then, as far as it was kept, without container and moment."""
    return (text for _moment, text in moments_of(service, since))


def moments_of(service: str, since: datetime) -> Iterator[tuple[str, str]]:
    """Yield each line with its moment, as the log has it."""
    first = since.strftime("%Y-%m-%dT%H:%M:%S")
    for path in (*sorted(FOLDER.glob(f"{service}.*log.gz")), FOLDER / f"{service}.log"):
        for line in _lines(path, since):
            _container, _, rest = line.partition(" ")
            moment, _, text = rest.partition(" ")
            if moment >= first:
                yield moment, text.rstrip("\n")


def _lines(path: Path, since: datetime) -> Iterator[str]:
    if not path.exists() or path.stat().st_mtime < since.timestamp():
        return
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8", errors="replace") as file:
        yield from file


def _error_in(line: str) -> str:
    """Return what went wrong, empty if nothing did."""
    if line.startswith("{"):
        return _error_in_json(line)
    told = _OF_POSTGRESQL.search(line)
    return _shortened(told["text"]) if told else ""


def _error_in_json(line: str) -> str:
    try:
        found = json.loads(line)
    except ValueError:
        return ""
    status = found.get("status")
    if isinstance(status, int) and status >= _SERVER_ERROR:
        return f"answered with {status}"
    if str(found.get("level", "")).upper() not in _SEVERE:
        return ""
    return _shortened(str(found.get("message") or found.get("msg") or "it does not say what"))


def _shortened(text: str) -> str:
    return _NUMBERS.sub("…", " ".join(text.split()))[:_LONGEST]
