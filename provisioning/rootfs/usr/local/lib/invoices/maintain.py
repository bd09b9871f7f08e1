"""The chores of each day, week and month: what can be done is done, the rest is reported, to be read or by mail."""

import gzip
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import app_metrics
import keep_logs
import kept_lines
import machine
import reports
import server
import slow_requests

DUMPS = Path("/var/lib/invoices/dumps")
PACKAGE_LOGS = Path("/var/log")
_DUMP_DAYS = 90
_BACKUP_HOURS = 2
_CERTIFICATE_HOURS = 26
_SERVER_REPORT_MINUTES = 30
_JOURNAL = ("journalctl", "--quiet", "--vacuum-size=500M", "--vacuum-time=30d")
_SLOWEST_SECONDS = 1
_SHOWN = 5


@dataclass(frozen=True)
class Chore:
    """What was done or seen; whoever reads the report has to do something where it is not well."""

    what: str
    is_well: bool
    says: str


def main(words: list[str]) -> int:
    period = words[0] if words else ""
    if period not in CHORES:
        print(f"Say which chores: {', '.join(CHORES)}.", file=sys.stderr)
        return 2
    report = done(period, reports.now())
    if "--mail" in words:
        report["mailed"] = mailed(period, report)
    reports.keep(f"maintain-{period}", report)
    print(json.dumps(report, ensure_ascii=False))
    return 0


def done(period: str, at: datetime) -> dict[str, object]:
    parts = {what: partial(part, at) for what, part in CHORES[period].items()}
    found, missing = reports.collected(parts)
    chores = [
        Chore(what, *found[what]) if what in found else Chore(what, False, f"It cannot be told: {missing[what]}.")  # noqa: FBT003  # a field of the chore
        for what in parts
    ]
    problems = [f"{chore.what}: {chore.says}" for chore in chores if not chore.is_well]
    return {
        "at": reports.written(at),
        "ok": not problems,
        "sentence": " ".join(problems) or "Everything is as it should be.",
        "period": period,
        "chores": [asdict(chore) for chore in chores],
    }


def mailed(period: str, report: Mapping[str, object]) -> str:
    """Return what became of it; of a day that was well there is no mail."""
    if period == "daily" and report["ok"]:
        return "no: the day was well"
    about = "well" if report["ok"] else "something needs attention"
    try:
        machine.inside(
            "worker", "invoices", "mail-report", "--subject", f"Server, {period}: {about}",
            stdin=as_text(report), seconds=120,
        )  # fmt: skip
    except machine.UnknownError as error:
        return f"no: {error}"
    return "yes"


def as_text(report: Mapping[str, object]) -> str:
    chores = report["chores"]
    assert isinstance(chores, list)
    lines = [f"{'  ' if one['is_well'] else '! '}{one['what']}: {one['says']}" for one in chores]
    return "\n".join([f"{report['at']}", "", *lines, ""])


Says = tuple[bool, str]


def _backups(at: datetime) -> Says:
    if not machine.stack_settings().get("BACKUP_PLACE"):
        return False, "None are set up."
    report = reports.read("backup")
    if not report:
        return False, "None was made yet."
    hours = _hours_since(report, at)
    if not report.get("ok"):
        return False, f"The last one failed: {report.get('sentence', '')}"
    return hours <= _BACKUP_HOURS, f"The newest is {hours:.1f} hours old."


def _verified_backup(at: datetime) -> Says:
    report = reports.read("certificate")
    if not report:
        return False, "None was verified yet."
    if not report.get("ok"):
        return False, f"The last one was refused: {report.get('sentence', '')}"
    hours = _hours_since(report, at)
    measured = ", ".join(
        f"{name} {report[field]:g} s"
        for name, field in (("restored in", "restore_seconds"), ("RPO", "rpo_seconds"), ("RTO", "rto_seconds"))
        if isinstance(report.get(field), (int, float))
    )
    return hours <= _CERTIFICATE_HOURS, f"{report['backup']}, {hours:.1f} hours old; {measured}."


def _logs(_at: datetime) -> Says:
    keep_logs.main()
    kept = sum(path.stat().st_size for path in kept_lines.FOLDER.iterdir())
    return kept <= keep_logs.MOST_BYTES * 1.2, f"{kept / 1e6:.1f} MB are kept, rotated and bounded."


def _containers(_at: datetime) -> Says:
    found = machine.containers()
    wrong = [f"{one.name} {one.status}" for one in found if not one.is_well and not _has_done_its_work(one)]
    absent = sorted(set(machine.SERVICES) - {one.service for one in found})
    if wrong or absent:
        return False, "; ".join([*wrong, *(f"there is no {service}" for service in absent)]) + "."
    return True, f"{sum(one.is_well for one in found)} run and are healthy."


def _has_done_its_work(one: machine.StackContainer) -> bool:
    """Return whether it is one that runs once, before the others."""
    return one.service not in machine.SERVICES and one.status.startswith("Exited (0)")


def _errors(at: datetime) -> Says:
    found = kept_lines.grouped_errors(at - timedelta(days=7))
    if not found:
        return True, "None in seven days."
    shown = "; ".join(f"{count} × {text}" for text, count in found.most_common(_SHOWN))
    return False, f"{found.total()} in seven days: {shown}."


def _disk(at: datetime) -> Says:
    disk = _of_server(at, "disk")
    assert isinstance(disk, dict)
    days = disk["full_in_days"]
    foreseen = f"full in {days:.0f} days if it goes on so" if days is not None else "it does not fill"
    wrong = list(server.problems_of({"disk": disk}))
    return not wrong, f"{disk['used_percent']:g} % are used; {foreseen}."


def _statuses(_at: datetime) -> Says:
    printed = machine.inside("app", "invoices", "report", "statuses", "--json", seconds=60)
    found = json.loads(printed)["statuses"]
    counted = ", ".join(f"{count} {status}" for status, count in found.items() if count)
    return True, f"{counted}." if counted else "There are none."


def _room(at: datetime) -> Says:
    machine.printed(*_JOURNAL, seconds=120)
    machine.printed("systemctl", "start", "invoices-prune-images.service", seconds=900)
    removed = _remove_old_dumps(at)
    return True, f"Images and journal were pruned, {removed} dumps of before migrations removed."


def _remove_old_dumps(at: datetime) -> int:
    """Leave the newest, however old it is."""
    dumps = sorted(DUMPS.glob("before-*.dump"), key=lambda path: path.stat().st_mtime)[:-1]
    old = [path for path in dumps if at.timestamp() - path.stat().st_mtime > _DUMP_DAYS * 86_400]
    for path in old:
        path.unlink()
    return len(old)


def _updates(at: datetime) -> Says:
    waiting = _of_server(at, "updates")
    assert isinstance(waiting, dict)
    is_due = _of_server(at, "reboot_due")
    applied = _applied_since(at - timedelta(days=31))
    says = f"{applied} applied in 31 days, {waiting['security']} security updates and {waiting['pending']} in all wait"
    return not waiting["security"] and not is_due, f"{says}{'; a reboot is due' if is_due else ''}."


def _applied_since(since: datetime) -> int:
    """Count the packages that dpkg upgraded, of what it keeps of its log."""
    first = since.strftime("%Y-%m-%d")
    count = 0
    for path in PACKAGE_LOGS.glob("dpkg.log*"):
        opened = gzip.open if path.suffix == ".gz" else open
        with opened(path, "rt", encoding="utf-8", errors="replace") as file:
            count += sum(line[:10] >= first and line[20:28] == "upgrade " for line in file)
    return count


def _requests(_at: datetime) -> Says:
    apps = machine.running("app")
    if not apps:
        raise machine.UnknownError("the app does not run")
    times = slow_requests.by_route(app_metrics.of(apps[0].id))
    if not times:
        return True, "No request was measured yet."
    shown = ", ".join(f"{route} {seconds:g} s" for route, seconds in times[:_SHOWN])
    return times[0][1] <= _SLOWEST_SECONDS, f"95 of 100 are answered within (slowest routes): {shown}."


def _queries(at: datetime) -> Says:
    found = kept_lines.slow_queries(at - timedelta(days=31))
    if not found:
        return True, "None took a second in 31 days."
    shown = "; ".join(f"{one.longest_seconds:.1f} s, {one.times} ×: {one.text}" for one in found[:_SHOWN])
    return False, f"A second or more in 31 days: {shown}."


def _images(at: datetime) -> Says:
    images = _of_server(at, "images")
    assert isinstance(images, list)
    oldest = max((image["days"] for image in images), default=0)
    hint = "; run `fab deploy --refresh`" if oldest > server.IMAGE_DAYS else ""
    return oldest <= server.IMAGE_DAYS, f"The oldest is {oldest} days old{hint}."


def _site_certificate(at: datetime) -> Says:
    shown = _of_server(at, "site_certificate")
    assert isinstance(shown, dict)
    wrong = list(server.problems_of({"site_certificate": shown}))
    return not wrong, f"It ends in {shown['days']} days."


def _of_server(at: datetime, part: str) -> object:
    """Return what the newest report of the server has of it; raises UnknownError if that is old."""
    report = reports.read("server")
    if not report or _hours_since(report, at) * 60 > _SERVER_REPORT_MINUTES:
        raise machine.UnknownError("the server's own report is older than half an hour")
    if part not in report:
        raise machine.UnknownError(report.get("missing", {}).get(part, "the server's report does not have it"))
    return report[part]


def _hours_since(report: Mapping[str, object], at: datetime) -> float:
    """Of a backup: since the moment that it is of."""
    moment = str(report.get("backup") or report["at"])
    return (at - reports.moment_of(moment)).total_seconds() / 3600


CHORES: Mapping[str, Mapping[str, Callable[[datetime], Says]]] = {
    "daily": {"Backups": _backups, "Verified backup": _verified_backup, "Logs": _logs, "Containers": _containers},
    "weekly": {"Errors": _errors, "Disk": _disk, "Invoices": _statuses, "Room": _room},
    "monthly": {
        "Updates": _updates,
        "Requests": _requests,
        "Queries": _queries,
        "Verified backup": _verified_backup,
        "Images": _images,
        "Site certificate": _site_certificate,
    },
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
