"""Measure imports on PostgreSQL: `python -m tests.bench [--write]`; prints a table, or writes docs/benchmarks.md."""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from app.store import database
from app.workbook.demo import write_demo
from tests.support.postgresql_cluster import installed_versions, running_cluster

ROOT = Path(__file__).parents[2]
SIZES = (2_466, 100_000)
DAY = date(2026, 6, 30)
GOALS = {
    "preview of the whole workbook, nothing stored yet": ("1.5 s", "45 s"),
    "apply": ("0.7 s", "12 s"),
    "the same file again": ("0 writes, 1.2 s", "0 writes"),
    "peak memory of the reading child": ("120 MB", "550 MB"),
    "by hand: pandas.read_excel + to_sql, not one check": ("", ""),
    "bare limit: openpyxl read twice": ("", ""),
    "bare limit: psycopg COPY of the same rows": ("", ""),
}


def main() -> None:
    """Measure both sizes and show them beside the goals."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md")
    parser.add_argument("--small", action="store_true", help="the small workbook only")
    arguments = parser.parse_args()
    sizes = SIZES[:1] if arguments.small else SIZES
    measured = [measure(size) for size in sizes]
    show(sizes, measured)
    if arguments.write:
        write(sizes, measured)


def measure(invoices: int) -> dict[str, str]:
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
    return {
        "preview of the whole workbook, nothing stored yet": f"{ours['preview']:.2f} s",
        "apply": f"{ours['apply']:.2f} s",
        "the same file again": f"{ours['writes']} writes, {ours['again']:.2f} s",
        "peak memory of the reading child": f"{child['megabytes']:.0f} MB",
        "by hand: pandas.read_excel + to_sql, not one check": f"{by_hand['pandas']:.2f} s",
        "bare limit: openpyxl read twice": f"{by_hand['openpyxl']:.2f} s",
        "bare limit: psycopg COPY of the same rows": f"{by_hand['copy']:.2f} s",
    }


def show(sizes: tuple[int, ...], measured: list[dict[str, str]]) -> None:
    """Print the figures beside the goals."""
    table = Table("Figure", box=SIMPLE_HEAD)
    for size in sizes:
        table.add_column(f"{size:,} invoices", justify="right")
        table.add_column("goal", justify="right")
    for name, goals in GOALS.items():
        cells = [cell for figures, goal in zip(measured, goals, strict=False) for cell in (figures[name], goal)]
        table.add_row(name, *cells)
    Console(width=130).print(table)


def write(sizes: tuple[int, ...], measured: list[dict[str, str]]) -> None:
    """Write the figures as a page of the documentation."""
    head = "| figure | " + " | ".join(f"{size:,} invoices | goal" for size in sizes) + " |"
    lines = [
        "# Benchmarks",
        "",
        "Measured by `make bench ARGS=--write`, which makes its workbooks (three tabs) and its PostgreSQL itself.",
        "Compare figures of one run with one another: machines differ.",
        "",
        f"Python {platform.python_version()}, PostgreSQL {installed_versions()[-1].parent.name}, "
        f"{os.cpu_count()} processors.",
        "",
        head,
        "|---" * (1 + 2 * len(sizes)) + "|",
    ]
    for name, goals in GOALS.items():
        cells = [cell for figures, goal in zip(measured, goals, strict=False) for cell in (figures[name], goal)]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    lines += [
        "",
        "A preview reads every cell in a child process, checks it, compares it with what is stored, and rehearses",
        "the import in a transaction that is rolled back. Apply compares again under a lock and writes customers,",
        "invoices, payments and the history of each row in one transaction. A server's first import is not measured.",
        "",
    ]
    (ROOT / "docs/benchmarks.md").write_text("\n".join(lines), encoding="utf-8")


def _new_database(server: str, name: str) -> str:
    opened = database.open_database(f"{server}/postgres")
    with database.connection():
        opened.execute_sql(f"CREATE DATABASE {name}")
    opened.close_all()
    return f"{server}/{name}"


def _run(python: str | Path, module: str, *arguments: object) -> dict[str, float]:
    command = [str(python), "-m", module, *map(str, arguments)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if result.returncode:
        raise SystemExit(result.stderr)
    figures: dict[str, float] = json.loads(result.stdout.splitlines()[-1])
    return figures


if __name__ == "__main__":
    main()
