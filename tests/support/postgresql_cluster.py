"""A throw-away PostgreSQL cluster, one for each version that the machine has."""

import os
import pwd
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from support.ports import free_port


def installed_versions() -> list[Path]:
    """Return the folders of the servers' programs, oldest first."""
    places = [*Path("/usr/lib/postgresql").glob("*/bin"), *Path("/opt/postgresql").glob("*/bin")]
    found = [place for place in places if (place / "initdb").exists()]
    on_path = shutil.which("initdb")
    if not found and on_path:
        found = [Path(on_path).resolve().parent]
    return sorted(found, key=lambda place: int("0" + "".join(filter(str.isdigit, place.parent.name))))


@contextmanager
def running_cluster(programs: Path, *, durable: bool = False, options: Iterable[str] = ()) -> Iterator[str]:
    """Start a cluster and yield the address of its server, without a database name; quick, unless it is durable."""
    folder = folder_of_the_server("pg-")
    port = free_port()

    said = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c max_connections=60 -c shared_buffers=128MB"
    if not durable:
        said += " -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
    said += "".join(f" -c {shlex.quote(option)}" for option in options)
    data, log = folder / "data", folder / "log"
    try:
        run_as_the_server(programs / "initdb", "-D", data, "-A", "trust", "-U", "invoices", "--locale=C.UTF-8")
        run_as_the_server(programs / "pg_ctl", "-D", data, "-l", log, "-o", said, "-w", "start")
        yield f"postgresql://invoices@127.0.0.1:{port}"
        run_as_the_server(programs / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Failover:
    """A throw-away cluster that becomes a standby in the place of its primary, and a primary again."""

    def __init__(self, programs: Path, url: str, data: Path) -> None:
        self.url = url
        self._programs, self._data = programs, data

    def demote(self) -> None:
        """Come back as a standby, which is what an address leads to whose failover is not known everywhere yet."""
        signal = self._data / "standby.signal"
        signal.touch()
        shutil.chown(signal, self._data.owner(), self._data.group())
        self._control("-m", "fast", "restart")

    def promote(self) -> None:
        self._control("promote")

    def _control(self, *words: str) -> None:
        run_as_the_server(self._programs / "pg_ctl", "-D", self._data, "-l", self._data.parent / "log", "-w", *words)


@contextmanager
def running_failover(programs: Path) -> Iterator[Failover]:
    with running_cluster(programs) as server:
        folder = _folder_of(server)
        yield Failover(programs, server, folder)


def _folder_of(server: str) -> Path:
    with psycopg.connect(f"{server}/postgres") as connection:
        [folder] = connection.execute("SHOW data_directory").fetchone()
    return Path(folder)


def folder_of_the_server(prefix: str) -> Path:
    """Return a new folder that belongs to the account of the server; its path is short enough for a socket."""
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    account = account_for_the_server()
    if account:
        shutil.chown(folder, account, group=account)
    return folder


def run_as_the_server(*command: str | Path) -> None:
    account = account_for_the_server()
    switch = ["runuser", "-u", account, "--"] if account else []
    result = subprocess.run([*switch, *map(str, command)], check=False, capture_output=True, text=True, cwd="/")
    assert result.returncode == 0, result.stderr or result.stdout


def account_for_the_server() -> str | None:
    """Return whom to run the server as: PostgreSQL refuses to run as root."""
    if os.getuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"
