"""What each part of the caching saves: `python -m tests.bench.caching 2466` shows pages with and without it.

One process answers on PostgreSQL; milliseconds are the median of the looks, those with and without a part in turn.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from statistics import median
from unittest.mock import patch

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from app.store.db import cache, database, tables
from app.store.ledger import partition_totals
from app.web.application import build
from tests.bench.pages import EMAIL, PASSWORD, filled
from tests.support.browser import Browser
from tests.support.postgresql_cluster import installed_versions, running_cluster

LOOKS = 20
PAGES = {"dashboard": "/", "list": "/invoices?all=yes", "customers": "/customers"}


def main() -> None:
    """Measure each page again and again, and first after a change, with each part left out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("invoices", type=int)
    count = parser.parse_args().invoices
    with tempfile.TemporaryDirectory() as folder, running_cluster(installed_versions()[-1], durable=True) as cluster:
        settings, ids = filled(cluster, Path(folder), count)
        database.open_database(settings.database_url)
        browser = Browser(build(settings))
        browser.sign_in(EMAIL, PASSWORD)
        table = Table("", *PAGES, *(f"{name}, first after a change" for name in PAGES), box=SIMPLE_HEAD)
        for name, found in _measured(browser, ids[0]).items():
            table.add_row(name, *(f"{1_000 * median(seconds):.1f} ms" for seconds in found))
        Console(width=160).print(f"{count:,} invoices", table)


def _measured(browser: Browser, invoice_id: int) -> dict[str, list[list[float]]]:
    parts = {
        "all of it": nullcontext,
        "without cached figures": lambda: _without(cache._figures),
        "without cached parts of pages": lambda: _without(cache._fragments),
        "without partitions": _without_partitions,
        "without ready SQL of totals": _without_ready_sql,
    }
    found: dict[str, list[list[float]]] = {name: [[] for _ in range(2 * len(PAGES))] for name in parts}
    for _ in range(LOOKS):
        for name, part in parts.items():
            with part():
                for number, path in enumerate(PAGES.values()):
                    _change(invoice_id)
                    found[name][len(PAGES) + number].append(_look(browser, path))
                    found[name][number].append(_look(browser, path))
    return found


def _look(browser: Browser, path: str) -> float:
    started = time.perf_counter()
    browser.get(path)
    return time.perf_counter() - started


def _change(invoice_id: int) -> None:
    with database.connection():
        invoice = tables.InvoiceModel
        invoice.update(version=invoice.version + 1).where(invoice.id == invoice_id).execute()


@contextmanager
def _without(left_out: object) -> Iterator[None]:
    kept = cache._cached

    def cached(entries, most, key, make):
        return make() if entries is left_out else kept(entries, most, key, make)

    with patch.object(cache, "_cached", cached):
        yield


@contextmanager
def _without_partitions() -> Iterator[None]:
    """Add up everything where anything changed."""
    query = partition_totals._query_totals

    def everything(asked, columns, parts):
        return query(asked, columns, None if parts else parts)

    with patch.object(partition_totals, "_query_totals", everything):
        yield


@contextmanager
def _without_ready_sql() -> Iterator[None]:
    with patch.object(partition_totals, "_statement", partition_totals._statement.__wrapped__):
        yield


if __name__ == "__main__":
    main()
