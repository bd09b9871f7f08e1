"""Makes a backup or proves the newest, in the containers of the release that serves, and keeps what was reported.

Run by timers and by `fab backup`, as root: `backup_runs.py backup|base-backup|certificate`. Whatever goes wrong becomes
a report that is not ok, and the exit code 1, so that systemd counts the unit as failed.
"""

import fcntl
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import reports

CURRENT = Path("/opt/invoices/current")
SETTINGS = "/etc/invoices/stack.env"
LOCK = Path("/run/invoices-backups.lock")
_SECONDS = 3 * 3600
_IN_CONTAINER = {"backup": ("backup", "--json"), "certificate": ("certificate", "make", "--json")}

Report = dict[str, Any]


class FailedError(Exception):
    """The message is what the report says."""


def main(kind: str) -> int:
    with LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # one at a time: each takes what the other has just made
        try:
            report = base_backup() if kind == "base-backup" else in_container(_IN_CONTAINER[kind])
        except Exception as error:  # noqa: BLE001  # whatever it is, the report says so, and no older one stays
            report = {"ok": False, "sentence": str(error) or type(error).__name__}
        reports.keep(kind, {"at": reports.written(reports.now()), **report})
    print(report["sentence"])
    return 0 if report["ok"] else 1


def in_container(command: tuple[str, ...]) -> Report:
    done = run([*compose(), "run", "--rm", "--no-deps", "-T", "backup", "invoices", *command])
    lines = done.stdout.strip().splitlines()
    report = _report_in(lines[-1] if lines else "")
    if not report:
        raise FailedError(said(done.stderr) or f"`invoices {' '.join(command)}` reported nothing.")
    if done.returncode and report["ok"]:
        raise FailedError(f"`invoices {' '.join(command)}` ended with {done.returncode}, whatever it reported.")
    return report


def _report_in(line: str) -> Report:
    """Return what is a report, else nothing."""
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    is_report = isinstance(found, dict) and isinstance(found.get("ok"), bool) and bool(found.get("sentence"))
    return found if is_report else {}


def base_backup() -> Report:
    """Have pgBackRest copy the whole database, and forget what is older than 14 days."""
    inside = [*compose(), "exec", "-T", "db", "pgbackrest", "--stanza=invoices"]
    began = reports.now()
    for words in (["stanza-create"], ["--type=full", "backup"]):
        done = run([*inside, *words])
        if done.returncode:
            raise FailedError(f"The database could not be copied as a whole: {said(done.stderr or done.stdout)}")
    newest = _newest(run([*inside, "--output=json", "info"]).stdout)
    if newest["error"]:
        raise FailedError(f"The copy {newest['label']} has damaged pages: look at the disk, and at `fab backups`.")
    seconds = round((reports.now() - began).total_seconds())
    return {
        "ok": True,
        "backup": newest["label"],
        "bytes": newest["info"]["repository"]["delta"],
        "seconds": seconds,
        "sentence": f"The database was copied as a whole in {seconds} s ({newest['label']}).",
    }


def _newest(listed: str) -> dict[str, Any]:
    try:
        newest: dict[str, Any] = json.loads(listed, strict=False)[0]["backup"][-1]
    except (ValueError, LookupError, TypeError) as error:
        raise FailedError("The archive does not list the copy that was just made.") from error
    return newest


def compose() -> list[str]:
    release = CURRENT.resolve()
    if not release.is_dir():
        raise FailedError("Nothing was deployed here yet.")
    return [
        "env", f"VERSION={release.name}", "docker", "compose", "--progress", "quiet", "--project-name", "invoices",
        "--project-directory", str(release), "--env-file", SETTINGS,
    ]  # fmt: skip


def run(command: list[str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=_SECONDS)


def said(printed: str) -> str:
    """Return the first error that the program told of, else its last line: hints come after it."""
    lines = [line.strip() for line in printed.splitlines() if line.strip()]
    errors = [line.partition("ERROR: ")[2] for line in lines if "ERROR: " in line]
    return (errors or lines[-1:] or [""])[0]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
