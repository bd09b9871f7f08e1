"""Two PostgreSQL servers, one a synchronous standby, which Patroni makes the primary when the other one fails."""

import json
import os
import shutil
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
import yaml
from support.polling import is_so_within
from support.ports import lasting_ports
from support.postgresql_cluster import account_for_the_server, folder_of_the_server
from support.tools_of_ha import PATRONI, environment, program

STARTS_WITHIN_SECONDS = 90
# As short as Patroni allows; a service of a cloud takes one to two minutes.
_TIMING = {"ttl": 20, "loop_wait": 4, "retry_timeout": 4}
_PARAMETERS = {"max_connections": 100, "shared_buffers": "128MB", "wal_keep_size": "256MB", "wal_level": "replica"}
# The account of the server may not enter the folder of every developer, but has to read Patroni there.
_READS_EVERYTHING = ("--inh-caps=+dac_override", "--ambient-caps=+dac_override")


@dataclass
class Member:
    """One machine with PostgreSQL and Patroni."""

    name: str
    folder: Path
    programs: Path
    etcd_port: int
    port: int
    api_port: int
    popen: subprocess.Popen | None = None

    @property
    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/invoices"

    @property
    def data(self) -> Path:
        return self.folder / self.name

    def start(self) -> None:
        configuration = self.folder / f"{self.name}.yml"
        configuration.write_text(yaml.safe_dump(self._configuration()))
        account = account_for_the_server()
        switch = ["setpriv", f"--reuid={account}", f"--regid={account}", "--init-groups", *_READS_EVERYTHING, "--"]
        with (self.folder / f"{self.name}.log").open("a") as log:
            self.popen = subprocess.Popen(
                [*(switch if account else []), PATRONI, configuration],
                cwd=self.folder, stdout=log, stderr=log, process_group=0,
            )  # fmt: skip

    def is_running(self) -> bool:
        return self.popen is not None and self.popen.poll() is None

    def kill_postgresql(self) -> None:
        """Send SIGKILL to the server and all of its processes at once."""
        for pid in self._postgresql():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def kill(self) -> None:
        """Do what the loss of the machine does."""
        assert self.popen
        self.popen.kill()
        self.popen.wait()
        self.kill_postgresql()

    def answers(self, path: str) -> bool:
        request = urllib.request.Request(f"http://127.0.0.1:{self.api_port}{path}")
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    def _postgresql(self) -> list[int]:
        try:
            main = int((self.data / "postmaster.pid").read_text().split()[0])
            return [main, *map(int, Path(f"/proc/{main}/task/{main}/children").read_text().split())]
        except FileNotFoundError:
            return []

    def _configuration(self) -> dict:
        api, server = f"127.0.0.1:{self.api_port}", f"127.0.0.1:{self.port}"
        accounts = {"superuser": "postgres", "replication": "replicator", "rewind": "rewinder"}
        return {
            "scope": "invoices",
            "name": self.name,
            "restapi": {"listen": api, "connect_address": api},
            "etcd3": {"hosts": f"127.0.0.1:{self.etcd_port}"},
            "bootstrap": {
                "dcs": {
                    **_TIMING,
                    "primary_start_timeout": 0,
                    "synchronous_mode": True,
                    "postgresql": {"use_pg_rewind": True, "parameters": _PARAMETERS},
                },
                "initdb": [{"encoding": "UTF8"}, {"locale": "C.UTF-8"}, "data-checksums"],
            },
            "postgresql": {
                "listen": server,
                "connect_address": server,
                "data_dir": str(self.data),
                "bin_dir": str(self.programs),
                "basebackup": [{"checkpoint": "fast"}],
                "pgpass": str(self.folder / f"{self.name}.pgpass"),
                "pg_hba": [f"host {what} all 127.0.0.1/32 trust" for what in ("all", "replication")]
                + ["local all all trust"],
                "authentication": {kind: {"username": name, "password": "x"} for kind, name in accounts.items()},
                "parameters": {"unix_socket_directories": str(self.folder)},
            },
        }


@dataclass
class Pair:
    """Both members; which of them is primary changes."""

    members: tuple[Member, Member]

    def primary(self) -> Member:
        return next(member for member in self.members if member.answers("/primary"))

    def standby(self) -> Member:
        return next(member for member in self.members if not member.answers("/primary"))

    def is_whole(self) -> bool:
        """Return whether there is a primary, and a standby that has what the primary acknowledges."""
        first, second = self.members
        return any(
            one.answers("/primary") and other.answers("/synchronous")
            for one, other in ((first, second), (second, first))
        )

    def is_whole_within(self, seconds: float) -> bool:
        return is_so_within(seconds, self.is_whole, pause=0.3)

    def switch_over(self) -> None:
        primary, standby = self.primary(), self.standby()
        body = json.dumps({"leader": primary.name, "candidate": standby.name}).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{primary.api_port}/switchover", body, method="POST")
        with urllib.request.urlopen(request, timeout=60) as answer:
            assert answer.status == 200


@contextmanager
def running_pair(programs: Path) -> Iterator[Pair]:
    """Start etcd and both members, and end them with the block."""
    folder = folder_of_the_server("pair-")
    etcd_port, peer_port, *ports = lasting_ports(6)
    with (folder / "etcd.log").open("w") as log:
        etcd = subprocess.Popen(_etcd(folder, etcd_port, peer_port), env=environment(), stdout=log, stderr=log)
    members = tuple(Member(f"pg{n}", folder, programs, etcd_port, *ports[2 * n - 2 : 2 * n]) for n in (1, 2))
    pair = Pair((members[0], members[1]))
    try:
        members[0].start()
        assert is_so_within(STARTS_WITHIN_SECONDS, lambda: members[0].answers("/primary")), _logs(folder)
        with psycopg.connect(members[0].url.replace("/invoices", "/postgres"), autocommit=True) as connection:
            connection.execute("CREATE DATABASE invoices")
        members[1].start()
        assert pair.is_whole_within(STARTS_WITHIN_SECONDS), _logs(folder)
        yield pair
    finally:
        for member in members:
            if member.is_running():
                member.kill()
        etcd.kill()
        etcd.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _etcd(folder: Path, port: int, peer_port: int) -> list[str]:
    client, peer = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{peer_port}"
    return [
        program("etcd"), "--data-dir", str(folder / "etcd"), "--listen-client-urls", client,
        "--advertise-client-urls", client, "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
        "--initial-cluster", f"default={peer}",
    ]  # fmt: skip


def _logs(folder: Path) -> str:
    return "\n".join(f"{path.name}:\n{path.read_text()[-3000:]}" for path in folder.glob("*.log"))
