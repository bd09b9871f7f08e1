"""A PostgreSQL server of its own in a folder, reached by a socket in it alone: what a backup is tried with."""

import errno
import fcntl
import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from urllib.parse import quote, urlencode

from app.backups.refusals import BackupError

_VERSIONS = Path("/usr/lib/postgresql")
_TO_A_CLIENT = "the database system is "  # starting up, in recovery mode: why a client waits, not why a server ended
_FULL = "No space left on device"
_AS_GOOD_AS_FULL = 1024 * 1024  # pgBackRest does not say why it could not write
_START_SECONDS = 900
_END_SECONDS = 30
_SOCKETS_ONLY = "local all all trust\n"
# What is thrown away does not have to outlive a power cut.
_THROWN_AWAY = ("fsync=off", "full_page_writes=off")
_OPTIONS = (
    "listen_addresses=",
    "unix_socket_permissions=0700",
    "max_connections=20",
    "shared_buffers=32MB",
    "archive_mode=off",
    "archive_command=",
    "shared_preload_libraries=",
    "ssl=off",
    "hot_standby=off",
    "logging_collector=off",
    "lc_messages=C",
)


class ScratchError(BackupError):
    """The message is one sentence; what the program said is its cause."""


@dataclass(frozen=True, slots=True)
class ScratchServer:
    """A server that runs; `user` may do everything in it."""

    folder: Path
    user: str

    def url(self, database: str) -> str:
        return f"postgresql://{quote(self.user)}@/{database}?{urlencode({'host': self.folder}, quote_via=quote)}"

    def do(self, program: str, *arguments: str | Path) -> None:
        """Run one of PostgreSQL's programs on it; raises ScratchError with what the program said."""
        env = {"PGHOST": str(self.folder), "PGUSER": self.user}
        run_as_owner(self.folder, path_of(program), *arguments, env=env)


def read_only(url: str) -> str:
    """Return the address for connections in which nothing can be written."""
    return f"{url}{'&' if '?' in url else '?'}options=-c%20default_transaction_read_only%3Don"


def path_of(program: str) -> Path:
    """Prefer the newest version that is installed: a dump is read by the version that wrote it, or a newer one."""
    for folder in sorted(_VERSIONS.glob("*/bin"), key=_major_version, reverse=True):
        if (folder / program).exists():
            return folder / program
    found = shutil.which(program)
    if not found:
        raise ScratchError(f"The program {program} is missing: install PostgreSQL and pgBackRest on this machine.")
    return Path(found)


def run_as_owner(
    folder: Path, *command: str | Path, env: Mapping[str, str] | None = None, seconds: float = 3600
) -> str:
    """Run the command and return what it prints; root runs it as the owner of the folder, as PostgreSQL requires.

    Raises ScratchError, or OSError if the disk is full.
    """
    name = Path(command[0]).name
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8", "PGCONNECT_TIMEOUT": "10"}
    try:
        done: subprocess.CompletedProcess[str] = subprocess.run(
            [*map(str, command)],
            check=False,
            capture_output=True,
            text=True,
            errors="replace",
            cwd="/",
            stdin=subprocess.DEVNULL,
            env=environment | dict(env or {}),
            timeout=seconds,
            **_owner(folder),
        )
    except subprocess.TimeoutExpired as error:
        raise ScratchError(f"{name} was not done after {seconds:.0f} seconds.") from error
    if done.returncode != 0:
        if _FULL in done.stderr + done.stdout or shutil.disk_usage(folder).free < _AS_GOOD_AS_FULL:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        said = _last_lines(done.stderr or done.stdout)
        raise ScratchError(f"{name} failed: {said or f'it ended with {done.returncode}'}")
    return done.stdout


def folder_in(scratch: Path, name: str) -> Path:
    """Make an empty folder with the owner of the folder around it."""
    made = scratch / name
    made.mkdir(mode=0o700)
    give_to_owner(scratch, made)
    return made


def give_to_owner(scratch: Path, path: Path) -> None:
    if os.geteuid() == 0:
        around = scratch.stat()
        os.chown(path, around.st_uid, around.st_gid)


def stop_left_running(folder: Path) -> None:
    """Stop the server that a killed run left in the folder."""
    _stop(folder / "data")


def empty(scratch: Path) -> None:
    """Stop the servers that a killed run left in the folder, and remove all that is in it."""
    for pid_file in scratch.glob("*/data/postmaster.pid"):
        _stop(pid_file.parent)
    for path in scratch.iterdir():
        _remove(path)


def _remove(path: Path) -> None:
    """Try again for as long as a program of the killed run, which loses its files by this, still writes some."""
    ends = monotonic() + _END_SECONDS
    while path.exists():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
        if monotonic() > ends:
            raise ScratchError(f"{path} cannot be removed: end the program that still writes there.")


@contextmanager
def own_folder(scratch: Path, name: str) -> Iterator[Path]:
    """Give an empty folder below `scratch`, with its owner, to one run at a time, and empty it in the end."""
    scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = scratch / name
    with (scratch / f".{name}").open("w", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # let go when this process ends, even if it is killed
        except BlockingIOError as error:
            raise ScratchError(f"Another run is busy in {folder}: wait until it is done.") from error
        folder.mkdir(mode=0o700, exist_ok=True)
        give_to_owner(scratch, folder)
        empty(folder)
        try:
            yield folder
        finally:
            empty(folder)


@contextmanager
def new_server(folder: Path, user: str = "invoices") -> Iterator[ScratchServer]:
    """Run a new, empty cluster in the folder."""
    initdb = (path_of("initdb"), "-D", folder / "data", "-U", user, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
    run_as_owner(folder, *initdb, "--data-checksums", "--no-sync")
    with server_of(folder, user) as server:
        yield server


@contextmanager
def server_of(folder: Path, user: str, *, is_kept: bool = False) -> Iterator[ScratchServer]:
    """Run the cluster in the folder `data`, with settings of our own in place of those that it was backed up with.

    Returns once recovery has ended; raises ScratchError with the server's last words if it cannot. If the cluster is
    kept, it is written to the disk with care, and shut down in order at the end.
    """
    data, log = folder / "data", folder / "log"
    try:
        _start(folder, data, log, () if is_kept else _THROWN_AWAY)
        yield ScratchServer(folder, user)
        if is_kept:
            run_as_owner(folder, path_of("pg_ctl"), "-D", data, "-m", "fast", "-w", "-s", "stop", seconds=300)
    finally:
        _stop(data)


def _start(folder: Path, data: Path, log: Path, more: tuple[str, ...]) -> None:
    hba, ident, settings = folder / "hba.conf", folder / "ident.conf", folder / "scratch.conf"
    for path, text in ((hba, _SOCKETS_ONLY), (ident, ""), (settings, "")):
        path.write_text(text)
        give_to_owner(folder, path)
    ours = (f"unix_socket_directories={folder}", f"hba_file={hba}", f"ident_file={ident}", f"config_file={settings}")
    options = " ".join(f"-c {shlex.quote(one)}" for one in (*_OPTIONS, *more, *ours))
    command = (path_of("pg_ctl"), "-D", data, "-l", log, "-o", options, "-w", "-t", str(_START_SECONDS), "-s", "start")
    try:
        run_as_owner(folder, *command, seconds=_START_SECONDS + 60)
        _wait_until_recovered(folder, data)
    except ScratchError as error:
        said = _last_words(log) or str(error)
        if _FULL in said:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error
        raise ScratchError(f"The restored server did not start: {said.rstrip('.')}.") from error


def _wait_until_recovered(folder: Path, data: Path) -> None:
    """Wait for as long as the server refuses connections because it still reads WAL."""
    ends = monotonic() + _START_SECONDS
    while True:
        try:
            run_as_owner(folder, path_of("pg_isready"), "-q", "-h", folder)
        except ScratchError:
            if not (data / "postmaster.pid").exists() or monotonic() > ends:
                raise
            sleep(0.1)
        else:
            return


def _stop(data: Path) -> None:
    if (data / "postmaster.pid").exists():
        with suppress(ScratchError):
            run_as_owner(data.parent, path_of("pg_ctl"), "-D", data, "-m", "immediate", "-w", "-s", "stop")


def _last_words(log: Path) -> str:
    try:
        lines = log.read_text(errors="replace").splitlines()
    except OSError:
        return ""
    said = [line.split(":  ", 1)[-1] for line in lines if "FATAL:" in line or "PANIC:" in line or "ERROR:" in line]
    reasons = [one for one in said if not one.startswith(_TO_A_CLIENT)]
    return reasons[-1] if reasons else ""


def _last_lines(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return "; ".join(lines[-3:])[:600]


def _major_version(folder: Path) -> int:
    name = folder.parent.name
    return int(name) if name.isdigit() else 0


def _owner(folder: Path) -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    owner = folder.stat()
    if owner.st_uid == 0:
        raise ScratchError(
            f"PostgreSQL does not run as root: run this as another user, or give {folder} to one, who then runs it."
        )
    return {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []}
