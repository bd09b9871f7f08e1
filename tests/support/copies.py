"""The product as several copies and workers over one database and one store of files, behind a balancer."""

import hashlib
import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import boto3
import psycopg
from support.drilled_server import asked, opened
from support.drilled_worker import IMPATIENT
from support.haproxy import Balancer, running_balancer
from support.ministack import running_ministack
from support.patroni import Member, Pair, running_pair
from support.polling import is_so_within
from support.ports import lasting_ports
from support.postgresql_cluster import installed_versions
from support.records import a_customer, a_user, an_invoice
from support.steady_load import ENTRIES_A_REQUEST, SteadyLoad

from app.actions import api_tokens as token_actions
from app.domain.permissions import API_RIGHTS
from app.store.access import audit_chain
from app.store.access.api_tokens import TokenFacts

ROOT = Path(__file__).parents[2]
CLIENTS = 4
LEAVE_SECONDS = 4  # longer than the balancer takes to notice
STARTS_WITHIN_SECONDS = 120
_COPIES_AT_MOST = 16
_CLOUD = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
_ROLES = ("postgres", "invoices_owner", "invoices_app", "invoices_worker", "invoices_backup", "invoices_n8n")


@dataclass
class Running:
    """A copy or a worker: a process that leads a group of its own."""

    name: str
    popen: subprocess.Popen
    log: Path
    port: int = 0

    def kill(self) -> None:
        """Send SIGKILL to each of its processes at once."""
        os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.wait()

    def terminate(self) -> None:
        self.popen.terminate()

    def has_ended(self, within: float = 60) -> bool:
        return is_so_within(within, lambda: self.popen.poll() is not None)


@dataclass
class Site:
    """All of it. Copies that are started take the next free place behind the balancer."""

    folder: Path
    pair: Pair
    balancer: Balancer
    files: dict[str, str]
    token: str = ""
    copies: list[Running] = field(default_factory=list)
    workers: list[Running] = field(default_factory=list)
    _started: int = 0

    # --- what runs

    def add_copy(self, tree: Path = ROOT) -> Running:
        """Start a copy of the product in the folder, and return it before it answers."""
        port = self._free_port()
        own = {"PORT": str(port), "SERVER_WORKERS": "1", "LEAVE_SECONDS": str(LEAVE_SECONDS)}
        copy = self._start("copy", tree, ["-m", "app.cli", "serve", "--no-worker"], **own)
        copy.port = port
        self.copies.append(copy)
        return copy

    def add_worker(self, tree: Path = ROOT) -> Running:
        worker = self._start("worker", tree, ["-c", IMPATIENT, "worker"])
        self.workers.append(worker)
        return worker

    def fill_up(self) -> None:
        """Start again what a drill ended: two copies, two workers and both servers of the database."""
        for member in self.pair.members:
            if not member.is_running():
                member.start()
        for ended in [one for one in (*self.copies, *self.workers) if one.popen.poll() is not None]:
            self._forget(ended)
        while len(self.workers) < 2:
            self.add_worker()
        while len(self.copies) < 2:
            self.add_copy()
        assert all(self.is_answering(copy) for copy in self.copies)

    def is_answering(self, copy: Running) -> bool:
        """Wait until the balancer sends requests to the copy."""
        return is_so_within(
            STARTS_WITHIN_SECONDS, lambda: copy.popen.poll() is not None or self.balancer.is_up(copy.port)
        ) and self.balancer.is_up(copy.port)

    def kill(self, *processes: Running) -> None:
        for process in processes:
            process.kill()
            self._forget(process)

    def leave(self, copy: Running) -> None:
        """Ask the copy to end, and wait until it has."""
        copy.terminate()
        assert copy.has_ended()
        self._forget(copy)

    def migrate(self, tree: Path = ROOT) -> None:
        """Migrate as the owner of the tables, by the version in the folder."""
        done = subprocess.run(
            [sys.executable, "-m", "app.cli", "migrate"], cwd=tree, check=False, capture_output=True, text=True,
            env=self._environment("migrate") | {"DATABASE_URL": self._url("invoices_owner", "migrate")},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr

    def stop(self) -> None:
        for process in (*self.copies, *self.workers):
            if process.popen.poll() is None:
                process.kill()

    # --- what is in it

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, dict]:
        """Ask through the balancer; returns the status and the answer read as JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self.balancer.site_port, timeout=60)
        sent = {"Authorization": f"Bearer {self.token}", **{k.replace("_", "-"): v for k, v in headers.items()}}
        try:
            connection.request(method, f"/api/v1{path}", body, sent)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read() or b"{}")
        finally:
            connection.close()

    def upload(self, workbook: Path, *, apply: str = "&apply=when-clean") -> int:
        """Upload a workbook to one of the copies, by default to be applied at once, and return its import."""
        content = workbook.read_bytes()
        status, answer = self.ask(
            "POST", f"/imports?file_name={workbook.name}{apply}", content,
            Content_Type="application/octet-stream", Idempotency_Key=hashlib.sha256(content).hexdigest(),
        )  # fmt: skip
        assert status == 202, answer
        return answer["id"]

    def apply(self, import_id: int) -> None:
        status, answer = self.ask(
            "POST", f"/imports/{import_id}/apply", b"{}",
            Content_Type="application/json", Idempotency_Key=f"apply-{import_id}",
        )  # fmt: skip
        assert status == 202, answer

    def state_of(self, import_id: int) -> str:
        status, answer = self.ask("GET", f"/imports/{import_id}")
        return answer["state"] if status == 200 else f"answered {status}"

    def is_applied(self, import_id: int, within: float = 60) -> bool:
        return is_so_within(within, lambda: self.state_of(import_id) == "applied", pause=0.3)

    def answers_by_itself(self, copy: Running) -> int:
        """Return the status that a copy answers its check with, asked beside the balancer; 0 for none."""
        try:
            return asked(copy.port, "GET", "/healthz", timeout=5)[0]
        except OSError:
            return 0

    def holds_within(self, seconds: float, member: Member, entries: int) -> bool:
        """Wait until a server has so many entries of the audit."""

        def holds() -> bool:
            with psycopg.connect(member.url, autocommit=True) as connection:
                return connection.execute("SELECT count(*) FROM audit_entries").fetchone()[0] >= entries

        return is_so_within(seconds, holds)

    def look_up(self, sql: str, *values: object) -> list[tuple]:
        with psycopg.connect(self.pair.primary().url, autocommit=True) as connection:
            return connection.execute(sql, values).fetchall()

    def sealed_entries(self, member: Member) -> int:
        """Return how many entries of the audit there are on a server, whose chain must be whole."""
        with opened(f"{member.url}?target_session_attrs=any"):  # the app itself takes no standby
            found = audit_chain.verify()
        assert found.broken is None, found.broken
        return found.entries

    # --- how it is started

    def _start(self, kind: str, tree: Path, program: list[str], **own: str) -> Running:
        self._started += 1
        name = f"{kind}-{self._started}"
        log = self.folder / f"{name}.log"
        with log.open("w") as written:
            popen = subprocess.Popen(
                [sys.executable, *program], cwd=tree, env=self._environment(name, kind) | own,
                stdout=written, stderr=written, process_group=0,
            )  # fmt: skip
        return Running(name, popen, log)

    def _environment(self, name: str, kind: str = "copy") -> dict[str, str]:
        data = self.folder / name
        data.mkdir(exist_ok=True)
        return {
            **os.environ,
            "DATABASE_URL": self._url("invoices_worker" if kind == "worker" else "invoices_app", name),
            "DATA_DIR": str(data),
            "SECRET_KEY": "a key that all copies have in common",
            "PUBLIC_URL": f"http://127.0.0.1:{self.balancer.site_port}",
            "TRUSTED_PROXIES": "127.0.0.1",
            "API_REQUESTS_PER_MINUTE": "1000000",
            **self.files,
        }

    def _url(self, role: str, name: str) -> str:
        return f"postgresql://{role}:x@127.0.0.1:{self.balancer.database_port}/invoices?application_name={name}"

    def _free_port(self) -> int:
        taken = {copy.port for copy in self.copies}
        unused = [port for port in self.balancer.copy_ports if port not in taken]
        return next(port for port in unused if self.balancer.requests_sent_to(port) == 0)

    def _forget(self, process: Running) -> None:
        for running in (self.copies, self.workers):
            if process in running:
                running.remove(process)


@contextmanager
def running_site(folder: Path) -> Iterator[tuple[Site, SteadyLoad]]:
    """Start two copies and two workers, and the clients that record payments until the block ends."""
    with ExitStack() as stack:
        pair = stack.enter_context(running_pair(installed_versions()[-1]))
        files = stack.enter_context(_store_of_files(folder))
        ports = tuple(lasting_ports(_COPIES_AT_MOST))
        balancer = stack.enter_context(running_balancer(folder, pair, ports))
        site = Site(folder, pair, balancer, files)
        stack.callback(site.stop)
        _make_roles(folder, pair.primary())
        site.migrate()
        site.token, invoices = _ledger(pair.primary())
        site.fill_up()
        load = SteadyLoad(balancer.site_port, site.token, invoices)
        stack.callback(load.stop)
        load.start()
        yield site, load


@contextmanager
def _store_of_files(folder: Path) -> Iterator[dict[str, str]]:
    """Yield the settings of a bucket on an S3 server of this machine's own."""

    def client(port: int):
        return boto3.client("s3", endpoint_url=f"http://127.0.0.1:{port}", **_CLOUD)

    home = folder / "ministack"
    home.mkdir()
    with running_ministack(home, lambda port: client(port).list_buckets()) as port:
        client(port).create_bucket(Bucket="invoices")
        yield {
            "FILES_URL": "s3://invoices/files",
            "FILES_ENDPOINT": f"http://127.0.0.1:{port}",
            "FILES_REGION": "us-east-1",
            "FILES_ACCESS_KEY_ID": "test",
            "FILES_SECRET_ACCESS_KEY": "test",
        }


def _make_roles(folder: Path, primary: Member) -> None:
    secrets = folder / "secrets"
    secrets.mkdir()
    for role in _ROLES:
        (secrets / role).write_text("x")
    done = subprocess.run(
        ["bash", ROOT / "stack/database/10-roles.sh"], check=False, capture_output=True, text=True,
        env={
            **os.environ, "SECRETS": str(secrets), "PGHOST": "127.0.0.1", "PGPORT": str(primary.port),
            "DB_APP_CONNECTIONS": "60",
        },
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    with psycopg.connect(primary.url, autocommit=True) as connection:
        # What they take away from everybody, Patroni's role for pg_rewind needs.
        connection.execute("GRANT CONNECT ON DATABASE postgres TO rewinder")


def _ledger(primary: Member) -> tuple[str, tuple[tuple[int, ...], ...]]:
    """Record the invoices of each client, and return a token that may do everything, and their numbers."""
    with opened(primary.url):
        token = token_actions.create(TokenFacts("drill", API_RIGHTS, None), a_user(), datetime.now(UTC))
        a_customer()
        each = range(ENTRIES_A_REQUEST)
        return token, tuple(
            tuple(an_invoice(f"D{client}-{n}", total_cents=100_000_000).id for n in each) for client in range(CLIENTS)
        )
