"""Two copies of the app against one, on one PostgreSQL: `python -m tests.bench.copies [--seconds 10] [--share 0.3]`.

Each copy gets a share of one processor, as a task gets its own: else copies, database and clients of one machine would
take processors from one another, and its number of processors would be measured. Prints a table; goal: 1.8 times.
"""

import argparse
import http.client
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Thread

sys.path.insert(0, str(Path(__file__).parents[1]))  # the helpers of the tests import one another as `support`

import psycopg
from support.drilled_server import Ledger, opened, serving
from support.postgresql_cluster import installed_versions, running_cluster

from app.jobs.job_queue import create_tables
from app.store.db import database

GOAL = 1.8
_CLIENTS = 8
_PERIOD = 100_000  # microseconds
_GROUPS = Path("/sys/fs/cgroup/cpu")
_SHARED = {"FILES_URL": "s3://invoices-files", "SECRET_KEY": "k" * 40, "SERVER_WORKERS": "1", "LOG_LEVEL": "ERROR"}
_PATH = "/api/v1/invoices?limit=20"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--share", type=float, default=0.3, help="of one processor, for each copy; 0 for no limit")
    arguments = parser.parse_args()
    with running_cluster(installed_versions()[-1]) as server, tempfile.TemporaryDirectory() as folder:
        ledger = _ledger(server)
        rates = {}
        print("copies | requests/s | busy processors of the machine | of PostgreSQL")
        for copies in (1, 2):
            rates[copies], busy, of_database = _measured(ledger, server, Path(folder), copies, arguments)
            print(f"{copies} | {rates[copies]:.0f} | {busy:.2f} of {os.cpu_count()} | {of_database:.2f}", flush=True)
        ratio = rates[2] / rates[1]
        print(f"ratio {ratio:.2f}, goal {GOAL}{'' if ratio >= GOAL else ': missed'}")


def _ledger(server: str) -> Ledger:
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute("CREATE DATABASE copies")
    url = f"{server}/copies"
    with opened(url):
        database.migrate()
        create_tables()
    return Ledger.made(url, clients=200)


def _measured(
    ledger: Ledger, server: str, folder: Path, copies: int, arguments: argparse.Namespace
) -> tuple[float, float, float]:
    with ExitStack() as stack:
        ports = []
        for number in range(copies):
            own = folder / f"{copies}-{number}"
            own.mkdir()
            process = stack.enter_context(serving(ledger.url, own, **_SHARED))
            stack.enter_context(_limited(_family(process.popen.pid), f"invoices-bench-{number}", arguments.share))
            ports.append(process.port)
        _rate(ports, ledger.token, 2)  # to be warm
        before = _busy(), _busy_of(_family(_postmaster(server)))
        rate = _rate(ports, ledger.token, arguments.seconds)
        after = _busy(), _busy_of(_family(_postmaster(server)))
        busy, of_database = ((late - early) / arguments.seconds for early, late in zip(before, after, strict=True))
        return rate, busy, of_database


def _rate(ports: Sequence[int], token: str, seconds: float) -> float:
    """Return how many requests a second are answered; each client keeps to one copy, and its connection."""
    counts = [0] * _CLIENTS
    end = time.monotonic() + seconds

    def ask(client: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", ports[client % len(ports)], timeout=60)
        while time.monotonic() < end:
            connection.request("GET", _PATH, headers={"Authorization": f"Bearer {token}"})
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                raise RuntimeError(f"{_PATH} was answered {answer.status}")
            counts[client] += 1
        connection.close()

    threads = [Thread(target=ask, args=(client,)) for client in range(_CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / seconds


@contextmanager
def _limited(processes: Sequence[int], name: str, share: float) -> Iterator[None]:
    group = _GROUPS / name
    if share:
        group.mkdir(exist_ok=True)
        (group / "cpu.cfs_period_us").write_text(str(_PERIOD))
        (group / "cpu.cfs_quota_us").write_text(str(int(_PERIOD * share)))
        for process in processes:
            (group / "cgroup.procs").write_text(str(process))
    try:
        yield
    finally:
        for process in processes if share else ():
            if Path(f"/proc/{process}").exists():
                (_GROUPS / "cgroup.procs").write_text(str(process))
        if share:
            group.rmdir()


def _family(process: int) -> list[int]:
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [process, *(one for child in children for one in _family(int(child)))]


def _postmaster(server: str) -> int:
    with psycopg.connect(f"{server}/postgres") as connection:
        [folder] = connection.execute("SHOW data_directory").fetchone() or [""]
    return int((Path(folder) / "postmaster.pid").read_text().splitlines()[0])


def _busy() -> float:
    """Return the seconds that the machine's processors were busy since it started."""
    user, nice, system, _idle, _waiting, *others = map(int, Path("/proc/stat").read_text().splitlines()[0].split()[1:])
    return (user + nice + system + sum(others)) / os.sysconf("SC_CLK_TCK")


def _busy_of(processes: Sequence[int]) -> float:
    ticks = 0
    for process in processes:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
