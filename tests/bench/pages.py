"""Pages as a signed-in user gets them: two server workers, PostgreSQL with its durability, whole pages as sent.

python -m tests.bench.pages INVOICES          prints the figures of each server as JSON
python -m tests.bench.pages INVOICES PATH     prints those of one page
"""

import http.client
import json
import logging
import os
import random
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from app import clock
from app.actions import imports as import_actions
from app.cli.opening import importer, migrate
from app.domain.permissions import Role
from app.settings import AppSettings
from app.store.access import users
from app.store.db import database, tables
from app.web.application import build
from app.web.auth.passwords import rehash
from app.web.http.threads import THREADS_A_WORKER
from app.workbook.preview import Choices
from app.workbook.writing.demo import write_demo
from tests.support.browser import Browser
from tests.support.polling import is_so_within
from tests.support.postgresql_cluster import installed_versions, running_cluster

ROOT = Path(__file__).parents[2]
PRODUCT = (
    ROOT / ".venv-app"
)  # what is served has its own libraries only: others, where they are there, are loaded by ours
EMAIL, PASSWORD = "bench@example.com", "correct horse battery"
SERVERS = ("gunicorn", "granian")
WORKERS = 2
CLIENTS = 8
SECONDS_OF_LOAD = 8
ROUNDS = 150
PASSES = 3


def main(invoices: int, path: str = "") -> None:
    """Fill a database, serve it, and measure: one page, or all by each server in turn."""
    programs = installed_versions()[-1]
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, running_cluster(programs, durable=True) as cluster:
        settings, ids = filled(cluster, Path(folder), invoices)
        print(json.dumps(_page(settings, path) if path else _pages(settings, ids)))


def _page(settings: AppSettings, path: str) -> dict[str, float]:
    with served(settings, SERVERS[0]) as (port, _):
        visitor = Visitor(port)
        return in_the_middle([timed(lambda _: visitor.get(path)) for _ in range(PASSES)])


def _pages(settings: AppSettings, ids: list[int]) -> dict[str, object]:
    found: dict[str, object] = {"queries": queries_by_page(settings)}
    for server in SERVERS:
        with served(settings, server, "tests.bench.bare:application") as (port, _):
            bare = _bare(port)
        with served(settings, server) as (port, process):
            figures = in_the_middle([Visitor(port).measure(ids) for _ in range(PASSES)])
            found[server] = {**figures, **bare, "memory": largest_worker_megabytes(process.pid)}
    return found


def _bare(port: int) -> dict[str, object]:
    connection = http.client.HTTPConnection("127.0.0.1", port)

    def page(_: int) -> None:
        connection.request("GET", "/")
        connection.getresponse().read()

    return {"bare page": in_the_middle([timed(page) for _ in range(PASSES)]), "bare": load(port, "/")}


class Visitor:
    """One browser without a screen: it keeps its connection and its cookies."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port)
        self._port = port
        self._cookies: dict[str, str] = {}
        page = self.get("/sign-in")
        form = {"csrf_token": _hidden(page, "csrf_token"), "email": EMAIL, "password": PASSWORD, "next": "/"}
        self.post("/sign-in", form)
        self.ids = sorted(
            int(number) for number in re.findall(r'href="/invoices/(\d+)"', self.get("/invoices?status=outstanding"))
        )

    def get(self, path: str) -> str:
        """Return the page."""
        return self._ask("GET", path)

    def post(self, path: str, form: dict[str, str]) -> str:
        """Send a form and return the answer."""
        return self._ask("POST", path, urllib.parse.urlencode(form))

    def measure(self, all_ids: list[int]) -> dict[str, object]:
        """Return the figures by name: milliseconds at p50 and p95, requests a second."""
        dice = random.Random(7)
        ids = dice.sample(all_ids, ROUNDS)
        lists = self._filters(dice)
        return {
            "dashboard": timed(lambda _: self.get("/")),
            "list": timed(lambda _: self.get("/invoices?all=yes")),
            "filtered": timed(lambda number: self.get(lists[number % len(lists)])),
            "filtered first": timed(lambda number: self.get(_never_asked(number)), rounds=60),
            "invoice": timed(lambda number: self.get(f"/invoices/{ids[number]}")),
            "customers": timed(lambda _: self.get("/customers")),
            "load": self._load("/invoices?all=yes"),
            **self._payments(),
        }

    def _filters(self, dice: random.Random) -> list[str]:
        names = re.findall(r'table__lead">(?:<a[^>]*>)?([^<]+)<', self.get("/invoices?all=yes"))
        return [
            "/invoices?status=overdue",
            "/invoices?status=outstanding&sort=due",
            f"/invoices?q={urllib.parse.quote(dice.choice(names))}",
            "/invoices?bucket=31-60",
            "/invoices?status=paid&sort=-total",
            "/invoices?q=00042",
        ]

    def _payments(self) -> dict[str, object]:
        """Record payments of a cent, and ask for the dashboard after each: nothing of it is remembered then."""
        recorded, followed, dashboards = [], [], []
        for number in range(60):
            invoice_id = self.ids[number % len(self.ids)]
            page = self.get(f"/invoices/{invoice_id}")
            form = {
                "csrf_token": _hidden(page, "csrf_token"),
                "key": _hidden(page, "key"),
                "currency": _hidden(page, "currency"),
                "amount": "0.01",
                "repeat_payment": "amount=0.01",
                "paid_on": _hidden(page, "paid_on"),
            }
            started = time.perf_counter()
            self.post(f"/invoices/{invoice_id}/payments", form)
            answered = time.perf_counter()
            assert "recorded=" in self.location, self.location
            self.get(self.location)
            shown = time.perf_counter()
            self.get("/")
            recorded.append(answered - started)
            followed.append(shown - started)
            dashboards.append(time.perf_counter() - shown)
        return {"payment": at(recorded), "payment and page": at(followed), "dashboard after a payment": at(dashboards)}

    def _load(self, path: str) -> float:
        self._connection.close()  # it would be idle for so long that the server gave it up
        return load(self._port, path, "; ".join(f"{name}={value}" for name, value in self._cookies.items()))

    def _ask(self, method: str, path: str, body: str | None = None) -> str:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        text = answer.read().decode()
        assert answer.status in {200, 303}, (answer.status, path, text[-2_000:])
        self.location = answer.headers.get("Location", "")
        for cookie in answer.headers.get_all("Set-Cookie", []):
            name, _, value = cookie.partition(";")[0].partition("=")
            self._cookies[name] = value
        return text


def load(port: int, path: str, cookies: str = "none=") -> float:
    """Return how many requests a second are answered when so many clients ask at once, again and again."""
    command = ["wrk", "-t1", f"-c{CLIENTS}", f"-d{SECONDS_OF_LOAD}s", "-H", f"Cookie: {cookies}"]
    result = subprocess.run([*command, f"http://127.0.0.1:{port}{path}"], capture_output=True, text=True, check=True)
    assert "Non-2xx" not in result.stdout, result.stdout
    return float(re.search(r"Requests/sec:\s+([\d.]+)", result.stdout)[1])


def in_the_middle(passes: list[Any]) -> Any:
    """Return of each figure the one in the middle: what else the machine did in one pass tells nothing of the pages."""
    first = passes[0]
    if not isinstance(first, dict):
        return median(passes)
    return {name: in_the_middle([figures[name] for figures in passes]) for name in first}


def timed(action: Callable[[int], object], rounds: int = ROUNDS) -> dict[str, float]:
    """Return milliseconds at p50 and p95; the first rounds warm up and do not count."""
    seconds = []
    for number in range(-10, rounds):
        started = time.perf_counter()
        action(number)
        if number >= 0:
            seconds.append(time.perf_counter() - started)
    return at(seconds)


def at(seconds: list[float]) -> dict[str, float]:
    """Return milliseconds at p50 and p95."""
    hundredths = quantiles(seconds, n=100, method="inclusive")
    return {"p50": 1_000 * hundredths[49], "p95": 1_000 * hundredths[94]}


def queries_by_page(settings: AppSettings) -> dict[str, int]:
    """Return how many statements each page takes that was never asked for before."""
    counter = _Counter()
    logger = logging.getLogger("peewee")
    logger.addHandler(counter)
    logger.setLevel(logging.DEBUG)
    browser = Browser(build(settings))
    browser.sign_in(EMAIL, PASSWORD)
    counted = {}
    with database.connection():
        some = tables.InvoiceModel.select().where(tables.InvoiceModel.paid_cents > 0).first()
    pages = {
        "dashboard": "/",
        "list": "/invoices?all=yes",
        "filtered": "/invoices?status=overdue&q=a",
        "invoice": f"/invoices/{some.id}",
        "customers": "/customers",
        "customer": f"/customers/{some.customer_id}",
        "payments": "/payments",
    }
    for name, path in pages.items():
        counter.count = 0
        browser.get(path)
        counted[name] = counter.count
    logger.removeHandler(counter)
    logger.setLevel(logging.NOTSET)
    tables.database.close_all()
    return counted


class _Counter(logging.Handler):
    count = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.count += 1


@contextmanager
def served(
    settings: AppSettings, server: str, application: str = "app.wsgi:application", *, workers: int = WORKERS
) -> Iterator[tuple[int, subprocess.Popen]]:
    """Yield the port and the process."""
    port = _free_port()
    environment = {
        **os.environ,
        "DATABASE_URL": settings.database_url,
        "DATA_DIR": str(settings.data_dir),
        "PORT": str(port),
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "SERVER_WORKERS": str(workers),
        "LOG_LEVEL": "ERROR",
    }
    environment["PYTHONPATH"] = str(ROOT)
    command = [str(PRODUCT / "bin/python"), "-m", "app.cli", "serve", "--no-worker"]
    if server == "gunicorn" and application != "app.wsgi:application":
        command = [str(PRODUCT / "bin/gunicorn"), "-k", "gthread", "-w", str(workers)]
        command += ["--threads", str(THREADS_A_WORKER), "-b", f"127.0.0.1:{port}", "--log-level", "error", application]
    if server == "granian":
        command = [str(ROOT / ".venv-bench/bin/granian"), "--interface", "wsgi", "--workers", str(workers)]
        command += ["--blocking-threads", str(THREADS_A_WORKER), "--no-ws", "--log-level", "error", "--port", str(port)]
        command += [application]
        site = next(PRODUCT.glob("lib/python*/site-packages"))
        environment["PYTHONPATH"] = f"{ROOT}:{site}"
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        try:
            _wait_for(port, process)
            yield port, process
        finally:
            process.terminate()
            process.wait(timeout=30)


def filled(cluster: str, folder: Path, invoices: int) -> tuple[AppSettings, list[int]]:
    opened = database.open_database(f"{cluster}/postgres")
    with database.connection():
        opened.execute_sql("CREATE DATABASE pages")
    opened.close_all()
    url = f"{cluster}/pages"
    settings = AppSettings.from_environment({"DATABASE_URL": url, "DATA_DIR": str(folder / "data")})
    path = folder / "bench.xlsx"
    # Up to today, so that what is asked for as of today has something due, late and paid.
    write_demo(path, clock.today(settings.time_zone), invoices)
    opened = database.open_database(url)
    with database.connection():
        migrate()
        users.create(EMAIL, "Bench", Role.ADMIN, rehash(PASSWORD), clock.utc_now())
        ours = importer(settings)
        examined = ours.examine(path, Choices(), lambda _: None)
        import_actions.apply_file(ours, path, examined, Choices(), None, lambda _: None)
        opened.execute_sql("VACUUM ANALYZE")
        ids = [invoice.id for invoice in tables.InvoiceModel.select(tables.InvoiceModel.id)]
    opened.close_all()
    return settings, ids


def _never_asked(number: int) -> str:
    return f"/invoices?status=outstanding&most={number + 100}.{number % 90 + 10}"


def _hidden(page: str, name: str) -> str:
    return re.search(rf'name="{name}"[^>]*? value="([^"]*)"', page)[1]


def largest_worker_megabytes(pid: int) -> float:
    """Return the memory of the largest process below, what it shares with others counted once for all of them."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    shares = [
        int(re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{child}/smaps_rollup").read_text(), re.MULTILINE)[1])
        for child in children
    ]
    return max(shares) / 1024


def _wait_for(port: int, process: subprocess.Popen) -> None:
    ended_or_answers = is_so_within(30, lambda: process.poll() is not None or _is_well(port))
    assert ended_or_answers, "the server does not answer"
    assert process.poll() is None, "the server did not start"


def _is_well(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
