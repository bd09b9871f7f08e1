"""Commands that run the app: serve, worker, migrate, health."""

import errno
import logging
import shutil
import socket
import subprocess
import sys
import tempfile
from typing import Annotated

import typer
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger as GunicornLogger
from gunicorn.util import import_app

from app import clock, logs
from app.cli.graceful_server import DrainingWorker, Leaving, LeavingArbiter
from app.cli.opening import importer, in_use, migrate, opened, refuse
from app.jobs import worker as job_worker
from app.jobs.job_queue import QueueUnavailableError, check_connection, open_queue
from app.jobs.processes import Processes
from app.jobs.registration import register
from app.settings import AppSettings
from app.store.db import database
from app.store.db.held_locks import scheduling_lock
from app.web.http.threads import THREADS_A_WORKER

log = logging.getLogger(__name__)

commands = typer.Typer()


@commands.command()
def serve(*, worker: Annotated[bool, typer.Option(help="Run the background worker along.")] = True) -> None:
    """Start the dashboard, with the background worker unless --no-worker is given."""
    with opened() as settings:
        refuse_taken_port(settings)
    run_server(settings, with_worker=worker)


@commands.command()
def worker(*, with_parent: Annotated[bool, typer.Option("--with-parent", hidden=True)] = False) -> None:
    """Run the background worker: it reads, applies and undoes imports, and sends webhooks, and mail if configured."""
    if with_parent:
        _set_up_logs(AppSettings.from_environment())
        job_worker.keep_running([sys.executable, "-m", "app.cli", "worker"])
        return
    with opened() as settings:
        _set_up_logs(settings)
    job_worker.limit_memory(settings.worker_max_memory_megabytes)
    queue = open_queue(settings.redis_url)
    processes = Processes.of(settings)
    processes.jobs.count_all_of(queue)
    jobs = register(queue, importer(settings), settings, clock.utc_now)
    with in_use(settings):
        job_worker.run(queue, jobs, processes.heartbeat, processes.maintenance, scheduling_lock())


@commands.command("migrate")
def migrate_database(
    *, pending: Annotated[bool, typer.Option("--pending", help="Only list what is still to come, one a line.")] = False
) -> None:
    """Bring the database up to date."""
    settings = AppSettings.from_environment()
    with in_use(settings):
        database.open_database(settings.database_url)
        _migrate(pending=pending)


def _migrate(*, pending: bool) -> None:
    with database.connection():
        if pending:
            for name in database.pending():
                typer.echo(name)
            return
        applied = migrate()
    typer.echo(f"Applied {', '.join(applied)}." if applied else "The database is up to date.")


@commands.command()
def health() -> None:
    """Check that the database answers and is up to date."""
    settings = AppSettings.from_environment()
    database.open_database(settings.database_url)
    with database.connection():
        if not database.is_current():
            refuse("The database answers, but is not up to date: run `invoices migrate`.")
    typer.echo("The database answers and is up to date.")


def run_server(settings: AppSettings, *, with_worker: bool) -> None:
    typer.echo(f"The dashboard is at {settings.public_url} (Ctrl+C stops it).")
    _set_up_logs(settings)
    try:
        check_connection(open_queue(settings.redis_url))
    except QueueUnavailableError as error:
        # Start anyway: Redis is optional, and reading and editing the ledger do not need the queue.
        log.warning("%s What is uploaded waits for it, and no mail is sent.", error)
    with in_use(settings):
        _Server(settings, with_worker=with_worker).run()


def refuse_taken_port(settings: AppSettings) -> None:
    """End the command with a sentence if the port is taken or cannot be used."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            is_taken = error.errno == errno.EADDRINUSE
            why = "is taken by another program" if is_taken else f"cannot be used ({error.strerror})"
            refuse(
                f"Port {settings.port} on {settings.host} {why}: stop that program, or choose another with PORT=8001.",
                error,
            )


class _Server(BaseApplication):
    """The worker runs as long as the arbiter (Gunicorn's main process)."""

    def __init__(self, settings: AppSettings, *, with_worker: bool) -> None:
        self._settings = settings
        self._with_worker = with_worker
        self._worker: subprocess.Popen[bytes] | None = None
        self._leaving = Leaving()
        self._counted = tempfile.mkdtemp(prefix="invoices-metrics-")  # where each server process counts
        super().__init__()

    def load_config(self) -> None:
        chosen = {
            "bind": f"{self._settings.host}:{self._settings.port}",
            "workers": self._settings.server_workers,
            "worker_class": DrainingWorker,
            "threads": THREADS_A_WORKER,
            "loglevel": "warning",
            "logger_class": _ServerLog,
            "proc_name": "invoices",
            "control_socket_disable": True,
            "forwarder_headers": "",  # no proxy of ours says where the app is mounted
            "post_worker_init": self._leaving.watch,
            "raw_env": [f"PROMETHEUS_MULTIPROC_DIR={self._counted}"],
            "when_ready": self._start_worker,
            "on_exit": self._stop_worker,
        }
        for name, value in chosen.items():
            self.cfg.set(name, value)

    def run(self) -> None:
        LeavingArbiter(self, self._leaving, self._settings.leave_seconds).run()

    def load(self) -> object:
        # Imported in each server process: a database connection must not be shared across a fork.
        return import_app("app.wsgi:application")

    def _start_worker(self, _server: object) -> None:
        if self._with_worker:
            # The pipe closes when this process ends, even if it is killed; the worker then ends too.
            self._worker = subprocess.Popen(
                [sys.executable, "-m", "app.cli", "worker", "--with-parent"], stdin=subprocess.PIPE
            )

    def _stop_worker(self, _server: object) -> None:
        if self._worker:
            self._worker.terminate()
            self._worker.wait()
        shutil.rmtree(self._counted, ignore_errors=True)


def _set_up_logs(settings: AppSettings) -> None:
    logs.set_up(settings.log_level, settings.log_format, Processes.of(settings).error_handler())


class _ServerLog(GunicornLogger):
    def setup(self, cfg: object) -> None:
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True
