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
        except (FailedError, OSError, subprocess.SubprocessError) as error:
            report = {"ok": False, "sentence": str(error)}
        reports.keep(kind, {"at": reports.written(reports.now()), **report})
    print(report["sentence"])
    return 0 if report["ok"] else 1


def in_container(command: tuple[str, ...]) -> Report:
    done = run([*compose(), "run", "--rm", "--no-deps", "-T", "backup", "invoices", *command])
    lines = done.stdout.strip().splitlines()
    try:
        report: Report = json.loads(lines[-1])
    except (IndexError, ValueError) as error:
        raise FailedError(said(done) or f"`invoices {' '.join(command)}` reported nothing.") from error
    report["ok"] = bool(report.get("ok")) and done.returncode == 0
    return report


def base_backup() -> Report:
    """Have pgBackRest copy the whole database, and forget what is older than 14 days."""
    inside = [*compose(), "exec", "-T", "db", "pgbackrest", "--stanza=invoices"]
    began = reports.now()
    for words in (["stanza-create"], ["--type=full", "backup"]):
        done = run([*inside, *words])
        if done.returncode:
            raise FailedError(f"The database could not be copied as a whole: {said(done)}")
    newest = json.loads(run([*inside, "--output=json", "info"]).stdout)[0]["backup"][-1]
    seconds = round((reports.now() - began).total_seconds())
    return {
        "ok": not newest["error"],
        "backup": newest["label"],
        "bytes": newest["info"]["repository"]["delta"],
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


def run(command: list[str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=_SECONDS)


def said(done: "subprocess.CompletedProcess[str]") -> str:
    """Return the first error that the program told of, else its last line: hints come after it."""
    lines = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
    errors = [line.partition("ERROR: ")[2] for line in lines if "ERROR: " in line]
    return (errors or lines[-1:] or [""])[0]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
