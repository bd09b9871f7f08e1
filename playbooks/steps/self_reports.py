"""What the server reported of itself last: backups, figures, images; and whether its timers still run."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from provisioning.host import Host

_FOLDER = "/var/lib/invoices/reports"
_MINUTE = 60
# The name of a report, what it is called, and after how many minutes without a new one it is no more to be believed.
_REPORTS = (
    ("backup", "Backup", 90),
    ("certificate", "Verified backup", 26 * 60),
    ("figures", "Figures", 3),
    ("server", "Server", 30),
    ("maintain-daily", "Daily chores", 26 * 60),
    ("maintain-weekly", "Weekly chores", 8 * 24 * 60),
    ("maintain-monthly", "Monthly chores", 32 * 24 * 60),
)


@dataclass(frozen=True, slots=True)
class Told:
    """One line about the server; it is not well if somebody should look at it."""

    is_well: bool
    line: str


def newest(host: Host) -> Iterator[Told]:
    """Yield a line for each report that there is; a server without backups has none of them."""
    now = int(host.run("date", "+%s").out)  # the server's clock wrote the reports
    for name, called, minutes in _REPORTS:
        text = host.read(f"{_FOLDER}/{name}.json")
        if text is not None:
            yield _told(called, _report(text), now, minutes)


def image_days(host: Host) -> dict[str, int]:
    """Return the age of each image by its name, nothing before the first report."""
    report = _report(host.read(f"{_FOLDER}/server.json") or "")
    return {str(image["image"]): int(image["days"]) for image in report.get("images", ())}


def timers(host: Host) -> Told:
    listed = host.run("systemctl", "list-units", "invoices-*.timer", "--all", "--no-legend", "--plain").out
    found = [line.split() for line in listed.splitlines() if line.strip()]
    dead = [f"{words[0]} is {words[2]}" for words in found if words[2] != "active"]
    if dead:
        return Told(is_well=False, line=f"Timers: {', '.join(dead)}: run `fab provision`.")
    if not found:
        return Told(is_well=False, line="Timers: there are none yet: run `fab provision`.")
    return Told(is_well=True, line=f"Timers: {len(found)} are active.")


def _told(called: str, report: Mapping[str, Any], now: int, minutes: int) -> Told:
    try:
        age = now - datetime.fromisoformat(str(report["at"])).astimezone(UTC).timestamp()
    except (KeyError, ValueError):
        return Told(is_well=False, line=f"{called}: the report is damaged; the next one replaces it.")
    said = f"{called}, {_ago(age)}: {report.get('sentence', '')}"
    if age > minutes * _MINUTE:
        return Told(is_well=False, line=f"{said} It should be newer.")
    return Told(bool(report.get("ok")), said)


def _report(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _ago(seconds: float) -> str:
    minutes = max(0, round(seconds / _MINUTE))
    if minutes < 120:
        return f"{minutes} min ago"
    hours = round(minutes / 60)
    return f"{hours} h ago" if hours < 72 else f"{round(hours / 24)} days ago"
