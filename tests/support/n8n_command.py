"""The real n8n where it is installed (`make n8n`): its command line on a PostgreSQL database."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import psycopg
import pytest

PROGRAM = Path(__file__).parents[2] / ".tools/n8n/bin/n8n"
needs_n8n = pytest.mark.skipif(not PROGRAM.exists(), reason="n8n is not here (make n8n)")
_MINUTES = 5


def n8n(url, folder, key, *words, **more):
    """Run one of n8n's commands on a database, with a folder for its own files; return what it printed."""
    place = psycopg.conninfo.conninfo_to_dict(url)
    folder.mkdir(exist_ok=True)
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(folder), "N8N_USER_FOLDER": str(folder), "N8N_ENCRYPTION_KEY": key,
        "DB_TYPE": "postgresdb", "DB_POSTGRESDB_HOST": place["host"], "DB_POSTGRESDB_PORT": str(place["port"]),
        "DB_POSTGRESDB_DATABASE": place["dbname"], "DB_POSTGRESDB_USER": place["user"],
        "DB_POSTGRESDB_PASSWORD": "unused", "N8N_DIAGNOSTICS_ENABLED": "false", "N8N_RUNNERS_ENABLED": "false",
        "N8N_VERSION_NOTIFICATIONS_ENABLED": "false", **more,
    }  # fmt: skip
    done = subprocess.run(
        [PROGRAM, *words], env=environment, capture_output=True, text=True, timeout=_MINUTES * 60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def import_credential(url, folder, key, name, data):
    """Let n8n lock a credential into its database, as `n8n-setup` does."""
    folder.mkdir(exist_ok=True)
    file = folder / "credentials.json"
    file.write_text(json.dumps([{"id": name, "name": name, "type": "httpHeaderAuth", "data": data}]))
    n8n(url, folder, key, "import:credentials", f"--input={file}")


def exported_credentials(url, folder, key):
    """Return what n8n opens with the key, by id."""
    folder.mkdir(exist_ok=True)
    file = folder / "opened.json"
    n8n(url, folder, key, "export:credentials", "--all", "--decrypted", f"--output={file}")
    opened = {one["id"]: one["data"] for one in json.loads(file.read_text())}
    shutil.rmtree(folder)
    return opened
