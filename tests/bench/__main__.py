"""Measure imports and pages on PostgreSQL: `python -m tests.bench [imports|pages] [--page PATH] [--write] [--small]`.

Prints tables beside the goals, or writes them to docs/benchmarks.md.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from app.store.db import database
from app.workbook.writing.demo import write_demo
from tests.support.benchmark_page import write_parts
from tests.support.postgresql_cluster import installed_versions, running_cluster

ROOT = Path(__file__).parents[2]
SIZES = (2_466, 100_000)
DAY = date(2026, 6, 30)
SERVER = "gunicorn"  # the one that app/cli/serving.py runs


@dataclass(frozen=True)
class Row:
    """One figure, and its ratio to a bare figure of the same run, with the most that it may be at each size."""

    name: str
    read: Callable[[dict[str, Any]], str]
    ratio: Callable[[dict[str, Any]], float] | None = None
    most: tuple[float, float] | None = None

    def beside(self, measured: dict[str, Any], size: int) -> str:
        """Return the ratio beside its goal, such as `1.4 of 1.6`."""
        if self.ratio is None:
            return ""
        ratio = self.ratio(measured)
        if self.most is None:
            return _short(ratio)
        return f"{_short(ratio)} of {_short(self.most[size])}{'' if ratio <= self.most[size] else ', missed'}"


def _short(number: float) -> str:
    return f"{number:.2g}" if number < 99.5 else f"{number:.0f}"


def main() -> None:
    """Measure both sizes and show them beside the goals."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="?", choices=["imports", "pages"], help="only these")
    parser.add_argument("--page", metavar="PATH", help="one page only, such as /customers?sort=name")
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md")
    parser.add_argument("--small", action="store_true", help="the small workbook only")
    arguments = parser.parse_args()
    sizes = SIZES[:1] if arguments.small else SIZES
    if arguments.page:
        for size in sizes:
            found = _run(sys.executable, "tests.bench.pages", size, arguments.page)
            print(f"{arguments.page} of {size:,} invoices: {found['p50']:.1f} ms, {found['p95']:.1f} ms at p95")
        return
    parts = []
    if arguments.what != "imports":
        measured = [_run(sys.executable, "tests.bench.pages", size) for size in sizes]
        parts.append(Part("Pages", sizes, PAGES, measured, PAGES_NOTE))
        parts.append(Part("The two servers", sizes, COMPARED, measured, COMPARED_NOTE))
    if arguments.what != "pages":
        parts.append(Part("Imports", sizes, IMPORTS, [measure_import(size) for size in sizes], IMPORTS_NOTE))
    for part in parts:
        part.show()
    if arguments.write:
        write(parts)


def of_server(name: str, figure: str, server: str = SERVER, unit: str = "ms") -> Row:
    """Return how a figure of a server is read: of milliseconds those at p95; ratios are of medians."""

    def read(measured: dict[str, Any]) -> str:
        found = measured[server][figure]
        number = found["p95"] if isinstance(found, dict) else found
        return f"{number:.1f} {unit}" if number < 20 and unit == "ms" else f"{number:.0f} {unit}"

    def ratio(measured: dict[str, Any]) -> float:
        if unit == "ms":
            return measured[server][figure]["p50"] / measured[server]["bare page"]["p50"]
        return measured[server]["bare"] / measured[server][figure]

    is_measured_against = figure in {"bare", "bare page"}
    return Row(name, read, None if is_measured_against or unit == "MB" else ratio, GOALS.get(name))


GOALS = {
    "dashboard": (4, 6),
    "dashboard, first after a payment": (45, 100),
    "invoice list, first page": (3.5, 6.5),
    "invoice list, filtered": (3.5, 7),
    "invoice list, a filter that was never asked for": (16, 35),
    "invoice page": (4.5, 6),
    "list of customers": (5, 7),
    "recording a payment": (9, 10),
    "recording a payment and showing it": (16, 18),
    "invoice list, 8 clients": (2.3, 3),
}
PAGES = (
    of_server("a bare page of 50 rows", "bare page"),
    of_server("dashboard", "dashboard"),
    of_server("dashboard, first after a payment", "dashboard after a payment"),
    of_server("invoice list, first page", "list"),
    of_server("invoice list, filtered", "filtered"),
    of_server("invoice list, a filter that was never asked for", "filtered first"),
    of_server("invoice page", "invoice"),
    of_server("list of customers", "customers"),
    of_server("recording a payment", "payment"),
    of_server("recording a payment and showing it", "payment and page"),
    of_server("a bare page of 50 rows, 8 clients", "bare", unit="requests/s"),
    of_server("invoice list, 8 clients", "load", unit="requests/s"),
    Row(
        "memory of one server worker",
        lambda measured: f"{measured[SERVER]['memory']:.0f} MB",
        lambda measured: measured[SERVER]["memory"],
        (95, 125),
    ),
    *(
        Row(f"queries of {name}", lambda measured, name=name: str(measured["queries"][name]))
        for name in ("dashboard", "list", "invoice", "customers", "customer", "payments")
    ),
)
PAGES_NOTE = """\
One client unless said otherwise; milliseconds are those that 95 of 100 requests stay below; of three
passes, the one in the middle. Two server workers,
PostgreSQL with its durability, signed in, whole pages as sent. Queries are those of a page that was never asked for
before; they do not grow with what is stored. What a page shows is cached until the ledger changes: “first after
a payment” is without that. The ratio is that of the medians to the bare page's, which nobody signs in for and which
escapes and formats nothing; with 8 clients, how many bare pages are answered for one of ours; of memory, megabytes."""
COMPARED = tuple(
    of_server(f"{name}, {server}", figure, server, unit)
    for name, figure, unit in (
        ("dashboard", "dashboard", "ms"),
        ("invoice list", "list", "ms"),
        ("invoice page", "invoice", "ms"),
        ("recording a payment", "payment", "ms"),
        ("invoice list, 8 clients", "load", "requests/s"),
        ("bare page, 8 clients", "bare", "requests/s"),
        ("memory of one worker", "memory", "MB"),
    )
    for server in ("gunicorn", "granian")
)
COMPARED_NOTE = "Both with two processes of eight threads, over the same database, one after the other."


def of_import(name: str, text: str, figure: str = "", bare: str = "", most: tuple[float, float] | None = None) -> Row:
    """Return how a figure of an import is read; `bare` is the figure that it is measured against."""

    def ratio(measured: dict[str, Any]) -> float:
        return measured[figure] / (measured[bare] if bare else 1)

    return Row(name, lambda measured: text.format(**measured), ratio if figure else None, most)


IMPORTS = (
    of_import("preview of a whole workbook, nothing stored yet", "{preview:.2f} s", "preview", "openpyxl", (0.9, 0.5)),
    of_import("bare: openpyxl read twice", "{openpyxl:.2f} s"),
    of_import("by hand: pandas.read_excel + to_sql, not one check", "{pandas:.2f} s"),
    of_import("apply", "{apply:.2f} s", "apply", "copy", (11, 11)),
    of_import("bare: psycopg COPY of the same rows", "{copy:.2f} s"),
    of_import("the same file again", "{writes} writes, {again:.2f} s", "again", "openpyxl", (0.9, 0.5)),
    of_import("peak memory of the reading child", "{megabytes:.0f} MB", "megabytes", most=(60, 60)),
)
IMPORTS_NOTE = """\
A preview reads every cell in a child process, checks it, compares it with what is stored, and rehearses
the import in a transaction that is rolled back. Apply compares again under a lock and writes customers,
invoices, payments and the history of each row in one transaction. A server's first import is not measured."""


@dataclass(frozen=True)
class Part:
    """A table of figures beside their goals, one column for each size."""

    title: str
    sizes: tuple[int, ...]
    rows: tuple[Row, ...]
    measured: list[dict[str, Any]]
    note: str

    def show(self) -> None:
        """Print it."""
        table = Table(self.title, box=SIMPLE_HEAD)
        for size in self.sizes:
            table.add_column(f"{size:,} invoices", justify="right")
            table.add_column("ratio", justify="right")
        for row in self.rows:
            table.add_row(row.name, *self._cells(row))
        Console(width=140).print(table)

    def markdown(self) -> str:
        """Return it as the documentation has it below its heading."""
        head = "| figure | " + " | ".join(f"{size:,} invoices | ratio, at most" for size in self.sizes) + " |"
        lines = [head, "|---" * (1 + 2 * len(self.sizes)) + "|"]
        lines += [f"| {row.name} | " + " | ".join(self._cells(row)) + " |" for row in self.rows]
        return "\n".join([*lines, "", self.note])

    def _cells(self, row: Row) -> list[str]:
        return [
            cell
            for size, figures in enumerate(self.measured)
            for cell in (row.read(figures), row.beside(figures, size))
        ]


def measure_import(invoices: int) -> dict[str, Any]:
    """Return the figures of one workbook, by name."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, running_cluster(installed_versions()[-1]) as server:
        path = Path(folder) / "bench.xlsx"
        write_demo(path, DAY, invoices)
        url = _new_database(server, "ours")
        # The first import of a server warms its caches, and Python's; users see that once, so it is not measured.
        if invoices <= SIZES[0]:
            _run(sys.executable, "tests.bench.ours", url, path, folder)
            url = _new_database(server, "ours_again")
        ours = _run(sys.executable, "tests.bench.ours", url, path, folder)
        child = _run(sys.executable, "tests.bench.reading_child", path, Path(folder) / "cells.jsonl")
        by_hand = _run(ROOT / ".venv-bench/bin/python", "tests.bench.by_hand", _new_database(server, "hand"), path)
    return {**ours, **child, **by_hand}


def write(parts: list[Part]) -> None:
    """Write the figures as a page of the documentation."""
    preface = [
        "# Benchmarks",
        "",
        "Measured by `make bench ARGS=--write`, which makes its workbooks (three tabs) and its PostgreSQL itself.",
        "Compare figures of one run with one another: machines differ.",
        "",
        f"Python {platform.python_version()}, PostgreSQL {installed_versions()[-1].parent.name}, "
        f"{os.cpu_count()} processors.",
    ]
    write_parts({part.title: part.markdown() for part in parts}, "\n".join(preface))


def _new_database(server: str, name: str) -> str:
    opened = database.open_database(f"{server}/postgres")
    with database.connection():
        opened.execute_sql(f"CREATE DATABASE {name}")
    opened.close_all()
    return f"{server}/{name}"


def _run(python: str | Path, module: str, *arguments: object) -> dict[str, Any]:
    command = [str(python), "-m", module, *map(str, arguments)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if result.returncode:
        raise SystemExit(result.stderr)
    figures: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    return figures


if __name__ == "__main__":
    main()
