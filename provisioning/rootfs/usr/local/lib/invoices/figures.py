"""Takes the figures of the server each minute: kept, sent to the alarms, and a watchdog told that all is well."""

import os
import sys
import urllib.request
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

import app_metrics
import aws_key
import machine
import reports
import site_certificate

# Beyond these a figure alarms; the same stand in what is rented.
HIGHEST = {
    "DiskUsedPercent": 80,
    "InodesUsedPercent": 80,
    "VerifiedBackupAgeHours": 26,
    "UnarchivedWalSeconds": 300,
    "ServerErrors": 5,
    "FailedUnits": 0,
}
LOWEST = {"Heartbeat": 1, "MemoryAvailablePercent": 10, "CertificateLifePercent": 25}
_OF_BACKUPS = {"VerifiedBackupAgeHours", "UnarchivedWalSeconds"}
_DATA = ("/var/lib/docker", "/var/lib/docker/volumes")  # two disks where the volumes are encrypted
_WAITING = """SELECT CASE WHEN current_setting('archive_mode') <> 'off'
  THEN coalesce(extract(epoch FROM now() - min(modification)), 0) END
  FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready'"""
_PING_EVERY = 295  # seconds: five minutes, and a timer that is a little early
_PING_SECONDS = 10

Remembered = dict[str, Any]  # from one minute to the next, in the report itself
Taking = Callable[[datetime, Remembered], float]


def main() -> int:
    at = reports.now()
    remembered: Remembered = dict(reports.read("figures").get("remembered") or {})
    taken, missing = take(PARTS, at, remembered)
    unwell = [*beyond(taken), *(f"{name}: {why}." for name, why in missing.items() if is_expected(name))]
    trouble = [
        *_tried("Figures are not sent", lambda: send(aws_key.read(), taken, at)),
        *_tried("The watchdog is not told", lambda: ping(aws_key.read(), at, remembered, is_well=not unwell)),
    ]
    report = {
        "at": reports.written(at),
        "ok": not unwell and not trouble,
        "sentence": " ".join([*unwell, *trouble]) or "All figures are as they should be.",
        "figures": taken,
        "missing": missing,
        "remembered": remembered,
    }
    reports.keep("figures", report)
    for line in trouble:
        print(line, file=sys.stderr)
    return 1 if trouble else 0


def take(parts: Mapping[str, Taking], at: datetime, remembered: Remembered) -> tuple[dict[str, float], dict[str, str]]:
    """Return the figures, and why the others are missing: an alarm that gets none goes off by itself."""
    taken, missing = reports.collected({name: partial(part, at, remembered) for name, part in parts.items()})
    return {name: round(float(value), 2) for name, value in taken.items()}, missing


def beyond(taken: Mapping[str, float]) -> list[str]:
    """Return a sentence for each figure that alarms."""
    high = [f"{name} is {value:g}, above {HIGHEST[name]}." for name, value in taken.items() if _is_high(name, value)]
    low = [f"{name} is {value:g}, below {LOWEST[name]}." for name, value in taken.items() if _is_low(name, value)]
    return high + low


def is_expected(name: str) -> bool:
    """Return whether its absence is a fault: where no backups are set up, none is verified."""
    return name not in _OF_BACKUPS or bool(machine.stack_settings().get("BACKUP_PLACE"))


def send(key: Mapping[str, str], taken: Mapping[str, float], at: datetime) -> None:
    if not key.get("access_key_id") or not key.get("namespace"):
        return
    client = aws_key.client("cloudwatch", key)
    server = [{"Name": "Server", "Value": key["server"]}]
    data = [
        {"MetricName": name, "Dimensions": server, "Timestamp": at, "Value": value} for name, value in taken.items()
    ]
    client.put_metric_data(Namespace=key["namespace"], MetricData=data)


def ping(key: Mapping[str, str], at: datetime, remembered: Remembered, *, is_well: bool) -> None:
    """Every five minutes, and only while all is well: whoever listens misses it otherwise."""
    url, before = key.get("watchdog_url"), remembered.get("pinged")
    if not url or not is_well or (before and (at - reports.moment_of(before)).total_seconds() < _PING_EVERY):
        return
    if not url.startswith(("https://", "http://")):
        raise ValueError("watchdog_url is no web address")
    with urllib.request.urlopen(url, timeout=_PING_SECONDS) as answer:  # noqa: S310  # seen above
        answer.read(1)
    remembered["pinged"] = reports.written(at)


def _heartbeat(_at: datetime, _remembered: Remembered) -> float:
    well = {one.service for one in machine.containers() if one.is_well}
    if still := [service for service in machine.SERVICES if service not in well]:
        raise machine.UnknownError(f"{', '.join(still)} {'does' if len(still) == 1 else 'do'} not run")
    return 1


def _disk_used_percent(_at: datetime, _remembered: Remembered) -> float:
    return max(map(_used_percent, map(os.statvfs, _DATA)))


def _inodes_used_percent(_at: datetime, _remembered: Remembered) -> float:
    return max(map(_inodes_percent, map(os.statvfs, _DATA)))


def _used_percent(disk: os.statvfs_result) -> float:
    used = disk.f_blocks - disk.f_bfree
    return 100 * used / (used + disk.f_bavail)


def _inodes_percent(disk: os.statvfs_result) -> float:
    return 100 * (1 - disk.f_ffree / disk.f_files) if disk.f_files else 0  # btrfs has no such limit


def _memory_available_percent(_at: datetime, _remembered: Remembered) -> float:
    total, available = machine.memory()
    return 100 * available / total


def _failed_units(_at: datetime, _remembered: Remembered) -> float:
    return len(machine.failed_units())


def _verified_backup_age_hours(at: datetime, remembered: Remembered) -> float:
    """Of the newest backup that was restored and compared; a certificate that failed makes none younger."""
    report = reports.read("certificate")
    if report.get("ok"):
        remembered["verified"] = report["backup"]
    if "verified" not in remembered:
        raise machine.UnknownError("no backup was verified yet")
    return max(0.0, (at - reports.moment_of(remembered["verified"])).total_seconds() / 3600)


def _unarchived_wal_seconds(_at: datetime, _remembered: Remembered) -> float:
    answer = machine.rows(_WAITING)
    if not answer:
        raise machine.UnknownError("the database archives nothing")
    return max(0.0, float(answer[0][0]))


def _certificate_life_percent(at: datetime, _remembered: Remembered) -> float:
    domain = machine.stack_settings().get("DOMAIN")
    if not domain:
        raise machine.UnknownError("nothing is deployed yet")
    return site_certificate.shown_for(domain).life_percent(at.timestamp())


def _server_errors(_at: datetime, remembered: Remembered) -> float:
    """Since the minute before. A process that was started again counts from zero, and so do we."""
    apps = machine.running("app")
    if not apps:
        raise machine.UnknownError("the app does not run")
    counted = {one.id: app_metrics.errors(app_metrics.of(one.id)) for one in apps}
    before = remembered.get("errors")
    remembered["errors"] = counted
    if before is None:
        return 0
    return sum(
        count - before.get(name, 0) if count >= before.get(name, 0) else count for name, count in counted.items()
    )


PARTS: Mapping[str, Taking] = {
    "Heartbeat": _heartbeat,
    "DiskUsedPercent": _disk_used_percent,
    "InodesUsedPercent": _inodes_used_percent,
    "MemoryAvailablePercent": _memory_available_percent,
    "FailedUnits": _failed_units,
    "VerifiedBackupAgeHours": _verified_backup_age_hours,
    "UnarchivedWalSeconds": _unarchived_wal_seconds,
    "CertificateLifePercent": _certificate_life_percent,
    "ServerErrors": _server_errors,
}


def _is_high(name: str, value: float) -> bool:
    return name in HIGHEST and value > HIGHEST[name]


def _is_low(name: str, value: float) -> bool:
    return name in LOWEST and value < LOWEST[name]


def _tried(what: str, action: Callable[[], None]) -> list[str]:
    try:
        action()
    except Exception as error:  # noqa: BLE001  # the report is kept in any case
        return [f"{what}: {error}."]
    return []


if __name__ == "__main__":
    sys.exit(main())
