"""Looks at the server every ten minutes: versions, disk, memory, images, updates, services and what it costs."""

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import Any

import disk_forecast
import machine
import reports
import site_certificate

COSTS = Path("/etc/invoices/costs.json")
CURRENT = Path("/opt/invoices/current")
SYSTEM = Path("/etc/os-release")
ENGINES = (Path("/usr/bin/dockerd"), Path("/usr/sbin/dockerd"))  # of Ubuntu, of Debian
REBOOT_DUE = Path("/run/reboot-required")
IMAGE_DAYS = 35
_DATA = "/var/lib/docker/volumes"
_FULL_WITHIN_DAYS = 14
_MOST_PERCENT = 80
_LEAST_LIFE_PERCENT = 25
_APT = ("apt-get", "-s", "-q", "-o", "Debug::NoLocking=true", "upgrade")
_DAY = 86_400
Found = dict[str, Any]


def main() -> int:
    at = reports.now()
    before = reports.read("server")
    found, missing = reports.collected({name: partial(part, at, before) for name, part in PARTS.items()})
    problems = [*problems_of(found), *(f"{name} cannot be told: {why}." for name, why in missing.items())]
    report = {
        "at": reports.written(at),
        "ok": not problems,
        "sentence": " ".join(problems) or "The server is well.",
        **found,
        "missing": missing,
    }
    reports.keep("server", report)
    return 0


def problems_of(found: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence for each thing that somebody should look at."""
    disk = found.get("disk", {})
    if disk.get("used_percent", 0) > _MOST_PERCENT:
        yield f"{disk['used_percent']:g} % of the disk is used."
    days = disk.get("full_in_days")
    if days is not None and days < _FULL_WITHIN_DAYS:
        yield f"The disk will be full in {days:.0f} days if it goes on so."
    for image in found.get("images", ()):
        if image["days"] > IMAGE_DAYS:
            yield f"The image of {image['service']} is {image['days']} days old: run `fab deploy --refresh`."
    if units := found.get("failed_units"):
        yield f"Failed: {', '.join(units)}."
    certificate = found.get("site_certificate", {})
    if certificate.get("life_percent", 100) < _LEAST_LIFE_PERCENT:
        yield f"The certificate of the site ends at {certificate['ends']} and was not renewed."


def _versions(_at: datetime, _before: Found) -> dict[str, str]:
    found, _missing = reports.collected(
        {
            "invoices": lambda: CURRENT.resolve(strict=True).name,
            "PostgreSQL": lambda: machine.rows("SHOW server_version")[0][0].split()[0],
            "Caddy": lambda: machine.inside("proxy", "caddy", "version").split()[0].removeprefix("v"),
            "Docker": _docker,
            "system": _system,
            "kernel": lambda: os.uname().release,
        }
    )
    return found


def _docker() -> str:
    version = machine.printed("docker", "version", "--format", "{{.Server.Version}}").strip()
    # Packages keep the moment at which a program was built as that of its file.
    built = next((engine.stat().st_mtime for engine in ENGINES if engine.exists()), None)
    return version if built is None else f"{version}, built on {datetime.fromtimestamp(built, timezone.utc):%Y-%m-%d}"


def _system() -> str:
    lines = SYSTEM.read_text(encoding="utf-8").splitlines()
    return next(line.partition("=")[2].strip('"') for line in lines if line.startswith("PRETTY_NAME="))


def _disk(at: datetime, before: Found) -> Found:
    disk = os.statvfs(_DATA)
    used = (disk.f_blocks - disk.f_bfree) * disk.f_frsize
    free = disk.f_bavail * disk.f_frsize
    history = disk_forecast.continued(before.get("disk", {}).get("history", ()), at, used)
    days = disk_forecast.days_until_full(history, at, used, free)
    return {
        "total_bytes": used + free,
        "free_bytes": free,
        "used_percent": round(100 * used / (used + free), 1),
        "full_in_days": None if days is None else round(days, 1),
        "history": history,
    }


def _memory(_at: datetime, _before: Found) -> Found:
    total, available = machine.memory()
    percent = round(100 * available / total, 1)
    return {"total_bytes": total, "available_bytes": available, "available_percent": percent}


def _images(at: datetime, _before: Found) -> list[Found]:
    named = {one.service: one.image for one in machine.containers() if one.state == "running"}
    return [_image(service, image, at) for service, image in sorted(named.items())]


def _image(service: str, image: str, at: datetime) -> Found:
    made = _moment(machine.printed("docker", "image", "inspect", "--format", "{{.Created}}", image).strip())
    return {"service": service, "image": image, "made_at": reports.written(made), "days": (at - made).days}


def _moment(text: str) -> datetime:
    # Docker writes nanoseconds, which this Python may not read.
    return datetime.strptime(text[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc)


def _updates(_at: datetime, _before: Found) -> Found:
    waiting = [line for line in machine.printed(*_APT, seconds=60).splitlines() if line.startswith("Inst ")]
    return {"pending": len(waiting), "security": sum("security" in line.lower() for line in waiting)}


def _reboot_due(_at: datetime, _before: Found) -> bool:
    return REBOOT_DUE.exists()


def _failed_units(_at: datetime, _before: Found) -> list[str]:
    return machine.failed_units()


def _site_certificate(at: datetime, _before: Found) -> Found:
    domain = machine.stack_settings().get("DOMAIN")
    if not domain:
        raise machine.UnknownError("nothing is deployed yet")
    shown = site_certificate.shown_for(domain)
    ends = datetime.fromtimestamp(shown.ends, timezone.utc)
    return {
        "domain": domain,
        "ends": reports.written(ends),
        "days": int((shown.ends - at.timestamp()) // _DAY),
        "life_percent": round(shown.life_percent(at.timestamp()), 1),
    }


def _costs(_at: datetime, _before: Found) -> dict[str, str]:
    """In dollars a month, by item."""
    found: dict[str, str] = json.loads(COSTS.read_text(encoding="utf-8"))
    return found


PARTS: Mapping[str, Callable[[datetime, Found], Any]] = {
    "versions": _versions,
    "disk": _disk,
    "memory": _memory,
    "images": _images,
    "updates": _updates,
    "reboot_due": _reboot_due,
    "failed_units": _failed_units,
    "site_certificate": _site_certificate,
    "costs": _costs,
}

if __name__ == "__main__":
    sys.exit(main())
