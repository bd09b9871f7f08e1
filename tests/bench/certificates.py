"""Measure the nightly certificate: `python -m tests.bench.certificates INVOICES`.

Prints its seconds, those of the restore, and the memory of the largest of its processes but the servers.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # the helpers of the tests import one another as `support`

from support.archiving_cluster import archiving_cluster
from support.kept_ledger import as_reader, environment_of, let_backups_read
from support.postgresql_cluster import folder_of_the_server, installed_versions

from app.store.db import database
from tests.bench.pages import filled

ROOT = Path(__file__).parents[2]
_MEASURING = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
"""


def main(invoices: int) -> None:
    with tempfile.TemporaryDirectory(prefix="certificate-") as temporary:
        folder = Path(temporary)
        key = folder / "key"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
        scratch = folder_of_the_server("scratch-")
        with archiving_cluster(installed_versions()[-1]) as archive:
            settings, ids = filled(archive.server, folder, invoices)
            database.open_database(settings.database_url)
            with database.connection():
                let_backups_read(settings.database_url)
            archive.base_backup()
            environment = environment_of(archive, key, scratch) | {
                "DATABASE_URL": as_reader(settings.database_url),
                "DATA_DIR": str(settings.data_dir),
            }
            report = certificate(environment)
        shutil.rmtree(scratch)
    print(json.dumps({"invoices": len(ids), **report}, indent=2))


def certificate(environment: dict[str, str]) -> dict[str, object]:
    command = [sys.executable, "-m", "app.cli", "certificate", "make", "--json"]
    # A small process starts it: what a process used counts the memory of the one that it was forked from.
    measured = [sys.executable, "-c", _MEASURING, *command]
    began = time.monotonic()
    done = subprocess.run(
        measured, env=environment | {"PATH": os.environ["PATH"]}, cwd=ROOT, capture_output=True, text=True, check=True
    )
    seconds = round(time.monotonic() - began, 1)
    return {"seconds": seconds, "megabytes": int(done.stderr) // 1024, **json.loads(done.stdout)}


if __name__ == "__main__":
    main(int(sys.argv[1]))
