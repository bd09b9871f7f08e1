"""Sends kept lines to CloudWatch, where that is rented: an intruder on the server cannot take them back."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import aws_key
import kept_lines
import machine
import reports

GROUP = Path("/etc/invoices/logs.json")
STATE = ".shipped.json"
# What one call of PutLogEvents takes; each event counts 26 bytes more than its text.
_MOST_EVENTS = 10_000
_MOST_BYTES = 1_000_000
_OF_AN_EVENT = 26
_LONGEST_EVENT = 60_000  # signs of four bytes at most
_MOST_DAYS = 13
_MOST_LINES = 50_000  # at once: what is left is sent the next time

Lines = list[tuple[str, str]]


def ship(folder: Path, at: datetime) -> None:
    """Send what was kept since the last time; raises whatever keeps it from being sent, and nothing is lost by that."""
    key, group = aws_key.read(), _group()
    if not group or not key.get("access_key_id"):
        return
    client = aws_key.client("logs", key)
    shipped = _shipped(folder)
    for service in machine.SERVICES:
        for batch in batches(_waiting(service, shipped.get(service, ""), at)):
            _send(client, group, service, batch)
            shipped[service] = batch[-1][0]
            (folder / STATE).write_text(json.dumps(shipped), encoding="utf-8")


def _waiting(service: str, since: str, at: datetime) -> Lines:
    """Return lines after that moment, by moment: two containers of a service are kept one after the other."""
    oldest = at - timedelta(days=_MOST_DAYS)
    first = max(oldest, reports.moment_of(f"{since[:19]}Z")) if since else oldest
    newer = ((moment, text) for moment, text in kept_lines.moments_of(service, first) if moment > since and text)
    return sorted(islice(newer, _MOST_LINES))


def batches(lines: Lines) -> Iterator[Lines]:
    """Yield what one call takes: so many, so much, and of one day."""
    batch: Lines = []
    size = 0
    for moment, text in lines:
        length = len(text[:_LONGEST_EVENT].encode()) + _OF_AN_EVENT
        if batch and (len(batch) == _MOST_EVENTS or size + length > _MOST_BYTES or batch[0][0][:10] != moment[:10]):
            yield batch
            batch, size = [], 0
        batch.append((moment, text[:_LONGEST_EVENT]))
        size += length
    if batch:
        yield batch


def _send(client: Any, group: str, stream: str, lines: Lines) -> None:  # noqa: ANN401  # boto3 has no types
    events = [{"timestamp": _milliseconds(moment), "message": text} for moment, text in lines]
    try:
        client.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)
    except client.exceptions.ResourceNotFoundException:
        client.create_log_stream(logGroupName=group, logStreamName=stream)
        client.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)


def _milliseconds(moment: str) -> int:
    whole = reports.moment_of(f"{moment[:19]}Z").timestamp()
    return int(whole * 1000) + int(moment[20:23] or 0)


def _group() -> str:
    try:
        return str(json.loads(GROUP.read_text(encoding="utf-8")).get("log_group", ""))
    except FileNotFoundError:
        return ""


def _shipped(folder: Path) -> dict[str, str]:
    try:
        found: dict[str, str] = json.loads((folder / STATE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found
