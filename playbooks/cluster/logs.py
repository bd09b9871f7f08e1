"""`fab logs` on a cluster: the newest lines of a container, as CloudWatch keeps them."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from playbooks.cluster import task_definitions
from playbooks.steps.log_query import ERRORS, LogQuery
from playbooks.steps.moment import seconds_since_epoch
from playbooks.steps.session import ClusterSession, RefusedError

# Without a limit of time the newest lines are looked for backwards: CloudWatch answers oldest first.
_WINDOWS = (600, 3_600, 6 * 3_600, 86_400, 7 * 86_400, 0)
# What a line of ERRORS holds in any case: CloudWatch leaves out the others before they are sent.
_PERHAPS_ERRORS = "?ERROR ?CRITICAL ?FATAL ?PANIC ?error ?fatal ?panic ?Traceback ?status"


def logs(found: ClusterSession, query: LogQuery) -> None:
    group, beginning = _place(found, query.service)
    windows = (query.seconds,) if query.seconds else _WINDOWS
    lines: list[str] = []
    for seconds in windows:
        lines = list(_matching(found, query, {"logGroupName": group, "logStreamNamePrefix": beginning}, seconds))
        if len(lines) >= query.lines:
            break
    for line in lines[-query.lines :] or [f"{found.settings.name}: {query.nothing_found()}"]:
        found.console.print(line, markup=False)


def _place(found: ClusterSession, service: str) -> tuple[str, str]:
    settings = found.settings
    families = {
        "app": settings.app_family,
        "proxy": settings.app_family,
        "worker": settings.worker_family,
        "once": settings.once_family,
        "backup": settings.backup_family,
    }
    if not families.get(service):
        there = ", ".join(sorted(name for name, family in families.items() if family))
        raise RefusedError(f"{settings.name}: there is no container of '{service}'; there are {there}.")
    return task_definitions.log_of(found, families[service], service)


def _matching(found: ClusterSession, query: LogQuery, place: dict[str, str], seconds: int) -> Iterator[str]:
    wanted: dict[str, Any] = dict(place)
    if seconds:
        wanted["startTime"] = (seconds_since_epoch() - seconds) * 1_000
    if query.grep:
        wanted["filterPattern"] = '"{}"'.format(query.grep.replace("\\", "\\\\").replace('"', '\\"'))
    elif query.errors:
        wanted["filterPattern"] = _PERHAPS_ERRORS
    events = [
        event
        for page in found.aws.client("logs").get_paginator("filter_log_events").paginate(**wanted)
        for event in page["events"]
    ]
    for event in sorted(events, key=lambda event: event["timestamp"]):
        line = str(event["message"]).rstrip()
        if not query.errors or re.search(ERRORS, line):
            yield f"{_task(event['logStreamName'])} {_moment(event['timestamp'])} {line}"


def _task(stream: str) -> str:
    """Return the container with the beginning of its task's id, as `fab logs` of a server names containers."""
    container, task_id = stream.split("/")[-2:]
    return f"{container}-{task_id[:8]}"


def _moment(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1_000, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
