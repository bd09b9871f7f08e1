"""Makes a backup or proves the newest, in the containers of the release that serves, and keeps what was reported.

Run by timers and by `fab backup`, as root, by the Python of the system: `backups.py backup|base-backup|certificate`.
Whatever goes wrong becomes a report that is not ok; the exit code then is 1, so that systemd counts the unit as failed.
"""

import fcntl
import json
import os
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

REPORTS = Path(os.environ.get("INVOICES_REPORTS", "/var/lib/invoices/reports"))
CURRENT = Path(os.environ.get("INVOICES_CURRENT", "/opt/invoices/current"))
SETTINGS = os.environ.get("INVOICES_SETTINGS", "/etc/invoices/stack.env")
LOCK = Path(os.environ.get("INVOICES_BACKUPS_LOCK", "/run/invoices-backups.lock"))
_SECONDS = 3 * 3600
_IN_CONTAINER = {"backup": ("backup", "--json"), "certificate": ("certificate", "make", "--json")}

Report = dict[str, Any]


class FailedError(Exception):
    """The message is what the report says."""


def main(kind: str) -> int:
    LOCK.parent.mkdir(parents=True, exist_ok=True)
    with LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # one at a time: each takes what the other has just made
        try:
            report = base_backup() if kind == "base-backup" else in_container(_IN_CONTAINER[kind])
        except (FailedError, OSError, subprocess.SubprocessError) as error:
            report = {"ok": False, "sentence": str(error)}
        report.setdefault("at", now())
        keep(kind, report)
    print(report["sentence"])
    return 0 if report["ok"] else 1


def in_container(command: tuple[str, ...]) -> Report:
    done = run([*compose(), "run", "--rm", "--no-deps", "-T", "backup", "invoices", *command])
    lines = done.stdout.strip().splitlines()
    try:
        report: Report = json.loads(lines[-1])
    except (IndexError, ValueError) as error:
        raise FailedError(last_line(done) or f"`invoices {' '.join(command)}` reported nothing.") from error
    report["ok"] = bool(report.get("ok")) and done.returncode == 0
    return report


def base_backup() -> Report:
    """Have pgBackRest copy the whole database, and forget what is older than 14 days."""
    inside = [*compose(), "exec", "-T", "db", "pgbackrest", "--stanza=invoices"]
    began = datetime.now(timezone.utc)
    for words in (["stanza-create"], ["--type=full", "backup"]):
        done = run([*inside, *words])
        if done.returncode:
            raise FailedError(f"The base backup failed: {last_line(done)}")
    newest = json.loads(run([*inside, "--output=json", "info"]).stdout)[0]["backup"][-1]
    seconds = round((datetime.now(timezone.utc) - began).total_seconds())
    size = newest["info"]["repository"].get("delta") or newest["info"]["repository"].get("size")
    return {
        "at": now(),
        "ok": not newest["error"],
        "backup": newest["label"],
        "bytes": size,
        "seconds": seconds,
        "sentence": f"The database was copied as a whole in {seconds} s ({newest['label']}).",
    }


def compose() -> list[str]:
    release = CURRENT.resolve()
    if not release.is_dir():
        raise FailedError("Nothing was deployed here yet.")
    return [
        "env", f"VERSION={release.name}", "docker", "compose", "--progress", "quiet", "--project-name", "invoices",
        "--project-directory", str(release), "--env-file", SETTINGS,
    ]  # fmt: skip


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=_SECONDS)


def last_line(done: subprocess.CompletedProcess[str]) -> str:
    lines = (done.stderr or done.stdout).strip().splitlines()
    return lines[-1] if lines else ""


def keep(kind: str, report: Report) -> None:
    REPORTS.mkdir(parents=True, exist_ok=True)
    temporary = REPORTS / f".{kind}.new"
    temporary.write_text(json.dumps(report) + "\n", encoding="utf-8")
    temporary.chmod(0o644)
    temporary.replace(REPORTS / f"{kind}.json")


def now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
