"""One machine with more and more invoices: `python -m tests.bench.scaling [INVOICES…] [--write]`.

Prints the figures of each size; with --write also into docs/scaling.md. A million takes half an hour, and 8 GB of
memory.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))  # the helpers of the tests import one another as `support`

from support.archiving_cluster import Archive, archiving_cluster
from support.kept_ledger import as_reader, environment_of, let_backups_read
from support.postgresql_cluster import folder_of_the_server, installed_versions

from app import clock
from app.domain.permissions import Role
from app.settings import AppSettings
from app.store.access import users
from app.store.db import database, tables
from app.web.auth.passwords import rehash
from app.workbook.writing.demo import write_demo
from playbooks.steps.machine_size import SIZES, settings
from tests.bench.certificates import certificate
from tests.bench.pages import EMAIL, PASSWORD, Visitor, largest_worker_megabytes, served

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "scaling.md"
_BEGIN, _END = "<!-- figures: written by `make scaling` -->", "<!-- end of figures -->"
# How many invoices, and the machine by its gigabytes whose shares PostgreSQL and the worker get.
MACHINES = {2_466: 4, 100_000: 4, 1_000_000: 32}
_OF_POSTGRESQL = {
    "shared_buffers": "DB_SHARED_BUFFERS",
    "effective_cache_size": "DB_EFFECTIVE_CACHE_SIZE",
    "work_mem": "DB_WORK_MEM",
    "maintenance_work_mem": "DB_MAINTENANCE_WORK_MEM",
    "max_wal_size": "DB_MAX_WAL_SIZE",
}
_SERVER = "gunicorn"
ROWS = (
    ("settings for a machine of", "{gigabytes} GB"),
    ("workbook", "{workbook:.1f} MB"),
    ("preview of all of it, nothing stored yet", "{preview:.1f} s"),
    ("apply", "{apply:.1f} s"),
    ("the same file again, nothing to write", "{again:.1f} s"),
    ("memory of the worker meanwhile", "{worker:,.0f} MB"),
    ("memory of its child that reads", "{child:.0f} MB"),
    ("size of the database", "{stored:,.0f} MB"),
    ("dashboard", "{dashboard:.1f} ms"),
    ("dashboard, first after a payment", "{dashboard after a payment:.1f} ms"),
    ("invoice list", "{list:.1f} ms"),
    ("invoice list, a filter that was never asked for", "{filtered first:.1f} ms"),
    ("invoice page", "{invoice:.1f} ms"),
    ("list of customers", "{customers:.1f} ms"),
    ("recording a payment", "{payment:.1f} ms"),
    ("memory of one server process", "{process:.0f} MB"),
    ("invoice list, 8 clients, one server process", "{load of 1:.0f} requests/s"),
    ("invoice list, 8 clients, two server processes", "{load of 2:.0f} requests/s"),
    ("backup as the server makes each hour", "{backup:.1f} s, {kept:.1f} MB"),
    ("certificate as it makes each night", "{certificate:.1f} s, {certifier:.0f} MB"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("invoices", nargs="*", type=int, default=list(MACHINES))
    parser.add_argument("--write", action="store_true", help="write docs/scaling.md")
    arguments = parser.parse_args()
    found = {}
    for invoices in sorted(arguments.invoices, reverse=True):  # what fails, fails with the most
        found[invoices] = measured(invoices, MACHINES.get(invoices, 4))
        print(json.dumps({invoices: found[invoices]}), flush=True)
    table = _table({invoices: found[invoices] for invoices in arguments.invoices})
    print(table)
    if arguments.write:
        before, _, rest = PAGE.read_text(encoding="utf-8").partition(_BEGIN)
        _, _, after = rest.partition(_END)
        PAGE.write_text(f"{before}{_BEGIN}\n\n{table}\n\n{_END}{after}", encoding="utf-8")


def measured(invoices: int, gigabytes: int) -> dict[str, Any]:
    size = next(one for one in SIZES if one.gigabytes == gigabytes)
    of_machine = settings(size, os.cpu_count() or 1)
    options = tuple(f"{name}={of_machine[setting]}" for name, setting in _OF_POSTGRESQL.items())
    with (
        tempfile.TemporaryDirectory(prefix="scaling-") as temporary,
        archiving_cluster(installed_versions()[-1], durable=True, options=options) as archive,
    ):
        folder = Path(temporary)
        url = f"{archive.server}/ledger"
        imported = _imported(url, folder, invoices, of_machine)
        return {
            "gigabytes": gigabytes,
            **imported,
            **_pages(url, folder),
            **_backups(archive, url, folder),
        }


def _imported(url: str, folder: Path, invoices: int, of_machine: dict[str, str]) -> dict[str, Any]:
    path = folder / "book.xlsx"
    write_demo(path, clock.utc_now().date(), invoices)
    opened = database.open_database(f"{url.rpartition('/')[0]}/postgres")
    with database.connection():
        opened.execute_sql("CREATE DATABASE ledger")
    opened.close_all()
    limits = {name: value for name, value in of_machine.items() if name.startswith("WORKBOOK_")}
    printed = _run("tests.bench.ours", url, str(path), str(folder), environment={**os.environ, **limits})
    figures: dict[str, Any] = json.loads(printed.splitlines()[-1])
    read = _run("tests.bench.reading_child", str(path), str(folder / "cells.jsonl"), environment=dict(os.environ))
    child = json.loads(read.splitlines()[-1])["megabytes"]
    return {"workbook": path.stat().st_size / 1_000_000, "child": child, **figures}


def _pages(url: str, folder: Path) -> dict[str, Any]:
    opened = database.open_database(url)
    with database.connection():
        users.create(EMAIL, "Bench", Role.ADMIN, rehash(PASSWORD), clock.utc_now())
        opened.execute_sql("VACUUM ANALYZE")
        bytes_stored = opened.execute_sql("SELECT pg_database_size(current_database())").fetchone()[0]
        newest = tables.InvoiceModel.select(tables.InvoiceModel.id).order_by(tables.InvoiceModel.id.desc()).limit(1_000)
        ids = [invoice.id for invoice in newest]
    opened.close_all()
    of_app = AppSettings.from_environment({"DATABASE_URL": url, "DATA_DIR": str(folder / "data")})
    found: dict[str, Any] = {"stored": bytes_stored / 1_000_000}
    for processes in (1, 2):
        with served(of_app, _SERVER, workers=processes) as (port, process):
            figures = Visitor(port).measure(ids)
            found[f"load of {processes}"] = figures.pop("load")
            found["process"] = largest_worker_megabytes(process.pid)
    return found | {name: one["p95"] for name, one in figures.items() if isinstance(one, dict)}


def _backups(archive: Archive, url: str, folder: Path) -> dict[str, Any]:
    key = folder / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    opened = database.open_database(url)
    with database.connection():
        let_backups_read(url)
    opened.close_all()
    archive.base_backup()
    scratch = folder_of_the_server("scratch-")
    environment = environment_of(archive, key, scratch) | {
        "DATABASE_URL": as_reader(url),
        "DATA_DIR": str(next(folder.glob("*/imports")).parent),
    }
    began = time.monotonic()
    _run("app.cli", "backup", environment={**environment, "PATH": os.environ["PATH"]})
    seconds = time.monotonic() - began
    kept = sum(path.stat().st_size for path in (archive.place / "dumps").rglob("*") if path.is_file())
    proved = certificate(environment)
    shutil.rmtree(scratch)
    return {
        "backup": seconds,
        "kept": kept / 1_000_000,
        "certificate": proved["seconds"],
        "certifier": proved["megabytes"],
    }


def _run(module: str, *words: str, environment: dict[str, str]) -> str:
    command = [sys.executable, "-m", module, *words]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return done.stdout


def _table(found: dict[int, dict[str, Any]]) -> str:
    head = "| figure | " + " | ".join(f"{invoices:,} invoices" for invoices in found) + " |"
    lines = [head, "|---" * (1 + len(found)) + "|"]
    for name, form in ROWS:
        lines.append(f"| {name} | " + " | ".join(form.format(**figures) for figures in found.values()) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
