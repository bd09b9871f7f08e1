"""What the services may take of the machine that they run on, and what PostgreSQL makes of its share.

A larger machine serves more only because of this table: containers are limited, and PostgreSQL takes what it is given.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from playbooks.steps.session import RefusedError
from provisioning.host import Host

_KILOBYTES_A_GIGABYTE = 1024**2
_SEEN_OF_IT = 0.85  # of what a machine is sold with, as its firmware and kernel keep some
_GATE_AND_QUEUE_MEGABYTES = 64 + 192
_MEGABYTES_A_PROCESS = 200  # docs/scaling.md: with 100,000 invoices a server process takes 124, with a million 347
_THREADS_OF_A_PROCESS = 8
_VERSIONS_AT_A_DEPLOY = 2
_OTHER_CONNECTIONS = 20  # of worker, migrations, backups, and of an operator who looks


@dataclass(frozen=True, slots=True)
class Size:
    """Shares of a machine that is sold with so many gigabytes of memory; all others are megabytes.

    `worker_itself` and `workbook` are what the worker and its child that reads a workbook may take: together they are
    the container's. PostgreSQL's are from its manual (19.4, 19.7) and its wiki's page on tuning, with a quarter of the
    container for `shared_buffers`, and three quarters as what it may think is cached.
    """

    gigabytes: int
    database: int
    work: int
    maintenance: int
    wal: int
    app: int
    worker_itself: int
    workbook: int
    proxy: int
    backup: int
    workbook_rows: int

    @property
    def worker(self) -> int:
        return self.worker_itself + self.workbook


SIZES = (
    Size(2, database=448, work=4, maintenance=48, wal=256, app=448, worker_itself=400, workbook=350, proxy=128,
         backup=512, workbook_rows=100_000),
    Size(4, database=768, work=8, maintenance=64, wal=512, app=1_200, worker_itself=1_000, workbook=500, proxy=256,
         backup=768, workbook_rows=250_000),
    Size(8, database=2_048, work=16, maintenance=256, wal=1_024, app=2_048, worker_itself=2_000, workbook=800,
         proxy=512, backup=1_024, workbook_rows=500_000),
    Size(16, database=5_120, work=32, maintenance=512, wal=2_048, app=4_096, worker_itself=4_000, workbook=1_500,
         proxy=1_024, backup=2_048, workbook_rows=1_000_000),
    Size(32, database=10_240, work=48, maintenance=1_024, wal=4_096, app=6_144, worker_itself=8_000, workbook=3_000,
         proxy=1_024, backup=4_096, workbook_rows=2_000_000),
)  # fmt: skip
LEAST = SIZES[0]


@dataclass(frozen=True, slots=True)
class AutomationShare:
    """What n8n takes of a machine, and what app, worker and workbooks have left beside it; in megabytes and rows."""

    n8n: int
    app: int
    worker_itself: int
    workbook_rows: int

    @property
    def heap(self) -> int:
        return self.n8n * 2 // 3


# docs/decisions/0028-n8n.md has what was measured.
BESIDE_AUTOMATION = {
    4: AutomationShare(896, app=800, worker_itself=600, workbook_rows=150_000),
    8: AutomationShare(1_024, app=1_536, worker_itself=2_000, workbook_rows=500_000),
    16: AutomationShare(1_024, app=3_400, worker_itself=4_000, workbook_rows=1_000_000),
    32: AutomationShare(2_048, app=6_144, worker_itself=8_000, workbook_rows=2_000_000),
}
_ROWS_OF_DEFAULTS = 250_000  # of the app's own limits, which grow with the rows


def of_machine(host: Host, chosen: Mapping[str, str], file: str, *, automation: bool = False) -> dict[str, str]:
    """Return the settings of the stack that follow from the machine.

    Raises RefusedError for a machine that is too small, or where what the file has instead does not fit into it.
    """
    kilobytes, processors = _memory(host), int(host.run("nproc").out)
    gigabytes = kilobytes / _KILOBYTES_A_GIGABYTE
    fitting = [size for size in SIZES if gigabytes >= size.gigabytes * _SEEN_OF_IT]
    if not fitting:
        raise RefusedError(
            f"{host.name}: it has {gigabytes:.1f} GB of memory, and the stack takes a machine of {LEAST.gigabytes}: "
            "`fab move` brings it to a larger one."
        )
    size, share = fitting[-1], None
    if automation:
        share = BESIDE_AUTOMATION.get(size.gigabytes)
        if share is None:
            raise RefusedError(
                f"{host.name}: it has {gigabytes:.1f} GB of memory, and with automation the stack takes a machine of "
                f"{min(BESIDE_AUTOMATION)}: `fab move` brings it to a larger one, or set automation to false."
            )
        size = replace(size, app=share.app, worker_itself=share.worker_itself, workbook_rows=share.workbook_rows)
    values = {**settings(size, processors), **_of_n8n(share)}
    ours = {name: value for name, value in chosen.items() if name in values and value}
    try:
        _refuse_what_does_not_fit(host, {**values, **ours}, ours, size)
    except ValueError as error:
        raise RefusedError(f"{file}: {error}") from error
    return values


def settings(size: Size, processors: int) -> dict[str, str]:
    processes = min(max(2, processors), size.app // _MEGABYTES_A_PROCESS)
    connections = processes * _THREADS_OF_A_PROCESS * _VERSIONS_AT_A_DEPLOY + 8
    times = size.workbook_rows / _ROWS_OF_DEFAULTS
    larger = max(1, round(times))
    return {
        "DB_MEMORY": f"{size.database}m",
        "DB_CPU_QUOTA": str(75_000 * processors),
        "DB_SHARED_BUFFERS": f"{size.database // 4}MB",
        "DB_EFFECTIVE_CACHE_SIZE": f"{size.database * 3 // 4}MB",
        "DB_WORK_MEM": f"{size.work}MB",
        "DB_MAINTENANCE_WORK_MEM": f"{size.maintenance}MB",
        "DB_MAX_WAL_SIZE": f"{size.wal}MB",
        "DB_MAX_CONNECTIONS": str(connections + _OTHER_CONNECTIONS),
        "DB_APP_CONNECTIONS": str(connections),
        "APP_MEMORY": f"{size.app}m",
        "APP_CPU_QUOTA": str(75_000 * processors),
        "SERVER_WORKERS": str(processes),
        "WORKER_MEMORY": f"{size.worker}m",
        "WORKER_CPU_QUOTA": str(50_000 * processors),
        "WORKER_MAX_MEMORY_MEGABYTES": str(size.worker_itself),
        "WORKBOOK_MAX_MEMORY_MEGABYTES": str(size.workbook),
        "WORKBOOK_MAX_ROWS": str(size.workbook_rows),
        "WORKBOOK_MAX_CELLS": str(round(3_000_000 * times)),
        "WORKBOOK_MAX_MEGABYTES": str(10 * larger),
        "WORKBOOK_MAX_UNPACKED_MEGABYTES": str(100 * larger),
        "WORKBOOK_MAX_SECONDS": str(60 * larger),
        "PROXY_MEMORY": f"{size.proxy}m",
        "PROXY_CPU_QUOTA": str(50_000 * processors),
        "BACKUP_MEMORY": f"{size.backup}m",
    }


def _of_n8n(share: AutomationShare | None) -> dict[str, str]:
    return {"N8N_MEMORY": f"{share.n8n}m", "N8N_HEAP_MEGABYTES": str(share.heap)} if share else {}


def _memory(host: Host) -> int:
    lines = (host.read("/proc/meminfo") or "").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("MemTotal:"))


def _refuse_what_does_not_fit(host: Host, values: Mapping[str, str], chosen: Mapping[str, str], size: Size) -> None:
    def megabytes(*names: str) -> int:
        return sum(_number(name, values[name]) for name in names)

    n8n = ("N8N_MEMORY",) if "N8N_MEMORY" in values else ()
    lasting = ("DB_MEMORY", "APP_MEMORY", "WORKER_MEMORY", "PROXY_MEMORY", *n8n)
    for taken, most, names, of_what in (
        (
            megabytes(*lasting) + _GATE_AND_QUEUE_MEGABYTES,
            size.gigabytes * 1_024,
            lasting,
            f"{host.name}, a machine of {size.gigabytes} GB",
        ),
        (
            megabytes("WORKER_MAX_MEMORY_MEGABYTES", "WORKBOOK_MAX_MEMORY_MEGABYTES"),
            megabytes("WORKER_MEMORY"),
            ("WORKER_MAX_MEMORY_MEGABYTES", "WORKBOOK_MAX_MEMORY_MEGABYTES", "WORKER_MEMORY"),
            "the worker, WORKER_MEMORY",
        ),
        (
            megabytes("SERVER_WORKERS") * _MEGABYTES_A_PROCESS,
            megabytes("APP_MEMORY"),
            ("SERVER_WORKERS", "APP_MEMORY"),
            "the app, APP_MEMORY",
        ),
    ):
        wrong = [name for name in names if name in chosen]
        if wrong and taken > most:
            raise ValueError(f"with {', '.join(wrong)} {taken:,} MB are taken, and {of_what}, has {most:,}: take less.")


def _number(name: str, text: str) -> int:
    is_count = name == "SERVER_WORKERS"
    number = text.strip() if is_count else text.strip().lower().removesuffix("b").removesuffix("m")
    if not number.isdecimal():
        kind = "a whole number, such as 4" if is_count else "whole megabytes, such as 768m"
        raise ValueError(f"{name} is '{text}', and takes {kind}.")
    return int(number)
