"""An import as the worker does it: `python -m tests.bench.ours DATABASE_URL WORKBOOK FOLDER` prints its seconds."""

import json
import os
import sys
import time
from pathlib import Path

from app import clock
from app.actions import imports as import_actions
from app.cli.opening import importer, migrate
from app.settings import AppSettings
from app.store.db import database
from app.store.ledger import imports
from app.store.ledger.imports import State
from app.workbook.preview import Choices

RECEIVABLES = ("customers", "invoices", "payments", "imports", "imported_rows")


def main(url: str, workbook: str, folder: str) -> None:
    """Preview, apply and look again at the same file."""
    settings = AppSettings.from_environment(
        {
            "DATABASE_URL": url,
            "DATA_DIR": f"{folder}/{clock.utc_now().timestamp()}",
            **{name: value for name, value in os.environ.items() if name.startswith("WORKBOOK_")},
        }
    )
    opened = database.open_database(url)
    figures = {}
    with database.connection():
        migrate()
        ours = importer(settings)

        started = time.perf_counter()
        with Path(workbook).open("rb") as stream:
            import_id = import_actions.receive(ours, stream, "bench.xlsx", None)
        import_actions.preview(ours, import_id)
        figures["preview"] = time.perf_counter() - started

        imports.claim(import_id, (State.PREVIEWED,), State.APPLYING)
        started = time.perf_counter()
        import_actions.apply(ours, import_id)
        figures["apply"] = time.perf_counter() - started
        assert imports.get(import_id).state is State.APPLIED, imports.get(import_id).failure

        before = _contents(opened)
        started = time.perf_counter()
        preview = ours.examine(Path(workbook), Choices(), lambda _: None).preview
        figures["again"] = time.perf_counter() - started
        assert _contents(opened) == before
        figures["writes"] = preview.writes
    figures["worker"] = _largest_megabytes()
    print(json.dumps(figures))


def _largest_megabytes() -> float:
    """Return the most memory that this process had; what `getrusage` says begins with that of its parent."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


def _contents(opened) -> list[tuple]:
    sums = (f"SELECT count(*), sum(hashtextextended(t::text, 0)) FROM {table} t" for table in RECEIVABLES)
    return [opened.execute_sql(statement).fetchone() for statement in sums]


if __name__ == "__main__":
    main(*sys.argv[1:])
