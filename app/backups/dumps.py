"""Dumps of a PostgreSQL database, by PostgreSQL's own pg_dump and pg_restore."""

import errno
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from app.backups.refusals import BackupError
from app.store.db.database import MIGRATION_TABLE
from app.store.db.snapshots import server_version

_FULL = "No space left on device"
_LOCK_WAIT = "60s"
_REASONS = {
    "already exists": "the database is not empty: give an empty one",
    "input file does not appear to be a valid archive": "the file is no dump of PostgreSQL",
    "unsupported version": "it was made by a newer PostgreSQL: take its pg_restore, or a newer one",
    "could not uncompress data": "the file is damaged",
    "could not read from input file": "the file is damaged or cut off",
}


def refuse_old_pg_dump() -> str:
    """Return the version of pg_dump; raises BackupError if it is older than the server of the open database."""
    dump, server = pg_dump_version(), server_version()
    if int(dump.split(".")[0]) < int(server.split(".")[0]):
        raise BackupError(
            f"pg_dump is of version {dump}, but the server of {server}: make backups with a pg_dump that is not older."
        )
    return dump


def pg_dump_version() -> str:
    found = re.search(r"\d[\w.]*", _run("pg_dump", "--version").stdout)
    if found is None:
        raise BackupError("pg_dump does not tell its version: install PostgreSQL's client programs.")
    return found[0]


def dump(url: str, snapshot: str, target: Path) -> None:
    """Write what the snapshot sees; raises BackupError, or OSError if the disk is full."""
    address, environment = _address(url)
    options = ["--format=custom", "--no-password", f"--lock-wait-timeout={_LOCK_WAIT}", f"--snapshot={snapshot}"]
    done = _run("pg_dump", *options, f"--file={target}", f"--dbname={address}", environment=environment)
    if done.returncode != 0:
        raise BackupError(f"The database cannot be dumped: {_reason(done)}.")


def restore(dumped: Path, url: str) -> None:
    """Write a plain dump into an empty database, all of it or nothing; raises BackupError.

    Owners and privileges are those of whoever connects: `app.store.db.privileges.grant` gives the others theirs.
    """
    address, environment = _address(url)
    options = ["--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges", "--no-password"]
    done = _run("pg_restore", *options, f"--dbname={address}", dumped, environment=environment)
    if done.returncode != 0:
        raise BackupError(f"{dumped.name} cannot be restored, and nothing was changed: {_reason(done)}.")


def migrations_in(dumped: Path) -> tuple[str, ...]:
    """Return the migrations that made the tables of a plain dump; raises BackupError if it is none."""
    done = _run("pg_restore", "--data-only", f"--table={MIGRATION_TABLE}", "--file=-", dumped)
    if done.returncode != 0:
        raise BackupError(f"{dumped.name} cannot be read: {_reason(done)}.")
    return tuple(re.findall(r"^\d+\t(\w+)\t", done.stdout, re.MULTILINE))


def _address(url: str) -> tuple[str, dict[str, str]]:
    """Take the password out of the address: everybody on the machine sees what a program is called with."""
    parts = urlsplit(url)
    account, at, host = parts.netloc.rpartition("@")
    user, colon, password = account.partition(":")
    secret = {"PGPASSWORD": unquote(password)} if colon else {}
    return urlunsplit(parts._replace(scheme="postgresql", netloc=f"{user}{at}{host}")), secret


def _run(
    program: str, *arguments: str | Path, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    found = shutil.which(program)
    if found is None:
        raise BackupError(f"{program} is not installed: install PostgreSQL's client programs.")
    # What the reasons below look for is English.
    variables = {"PATH": f"{Path(found).parent}:{os.defpath}", "LC_ALL": "C.UTF-8", **(environment or {})}
    return subprocess.run(
        [found, *map(str, arguments)],
        env=variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def _reason(done: subprocess.CompletedProcess[str]) -> str:
    if _FULL in done.stderr:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    known = next((reason for sign, reason in _REASONS.items() if sign in done.stderr), None)
    lines = [line for line in done.stderr.strip().splitlines() if "error:" in line] or ["it does not say why"]
    return known or lines[0].rpartition("error: ")[2].rstrip(".")
