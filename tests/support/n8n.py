"""The real n8n where it is installed (`make n8n`): with the settings of docker-compose.yml, or one command of it."""

import json
import os
import re
import shutil
import signal
import subprocess
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
import yaml
from support.polling import is_so_within
from support.ports import free_port

from app.cli.secret_files import N8N_ROLE, ROLES, BackupPlace, SecretFiles

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / ".tools/n8n/bin/n8n"
SETUP = ROOT / "stack/n8n/setup.sh"
needs_n8n = pytest.mark.skipif(not PROGRAM.exists(), reason="n8n is not here (make n8n)")
ROLES_SCRIPT = ROOT / "stack/database/10-roles.sh"
_DEFAULT = re.compile(r"\$\{\w+:-([^}]*)\}")


@dataclass(frozen=True)
class Automation:
    """A place for n8n: its secrets, its data, and how it is started."""

    folder: Path
    environment: dict[str, str]
    port: int

    @property
    def secrets(self):
        return self.folder / "secrets/n8n"

    @property
    def home(self):
        return self.folder / "home/.n8n"

    def set_secret(self, name, text):
        self.secrets.chmod(0o700)
        path = self.secrets / name
        path.unlink(missing_ok=True)
        path.write_text(text)

    def setup(self, *words, stack=SETUP.parent):
        return subprocess.run(
            [stack / "setup.sh", *words], env=self.environment, check=False, capture_output=True, text=True, timeout=300
        )

    def command(self, *words):
        return subprocess.run(
            [PROGRAM, *words], env=self.environment, check=False, capture_output=True, text=True, timeout=120
        )

    def started(self):
        """Start n8n and wait until it is ready; what it prints is in the file `log`."""
        log = self.folder / "log"
        with log.open("a") as output:
            process = subprocess.Popen(
                [PROGRAM], env=self.environment, stdout=output, stderr=output, start_new_session=True
            )
        ready = is_so_within(180, lambda: self.is_ready() or process.poll() is not None)
        if not ready:
            os.killpg(process.pid, signal.SIGKILL)
        assert ready, log.read_text()[-3000:]
        assert process.poll() is None, log.read_text()[-3000:]
        return process

    @contextmanager
    def running(self):
        """Start n8n, and stop it in the end."""
        started = self.started()
        try:
            yield started
        finally:
            # The program that pip installs as `node` starts the real one, and passes no signal on to it.
            os.killpg(started.pid, signal.SIGTERM)
            assert is_so_within(60, lambda: not _is_alive(started.pid))
            started.wait()

    def is_ready(self):
        try:
            return self.ask("/healthz/readiness")[0] == 200
        except OSError:
            return False

    def ask(self, path, body=None, headers=None):
        """Return the status and the text of an answer."""
        data = None if body is None else json.dumps(body).encode()
        sent = {"Content-Type": "application/json", **(headers or {})}
        asked = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data=data, headers=sent)
        try:
            with urllib.request.urlopen(asked, timeout=20) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, refused.read().decode()


def _is_alive(group):
    listed = subprocess.run(["pgrep", "--pgroup", str(group), "--runstates", "DRSTW"], check=False, capture_output=True)
    return listed.returncode == 0


def compose_environment():
    """Return n8n's environment as docker-compose.yml says it, with the defaults."""
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    return {name: _DEFAULT.sub(r"\1", str(value)) for name, value in services["n8n"]["environment"].items()}


def automation(folder, server):
    """Return a place for n8n whose database is in the cluster at that address."""
    files = SecretFiles.below(folder / "secrets")
    list(files.make_missing(BackupPlace("", "", "")))
    secrets = folder / "secrets/n8n"
    make_roles(server, folder / "roles")
    place = psycopg.conninfo.conninfo_to_dict(server)
    port = free_port()
    environment = {
        name: value.replace("/run/secrets", str(secrets)) for name, value in compose_environment().items()
    } | {
        "DB_POSTGRESDB_HOST": place["host"],
        "DB_POSTGRESDB_PORT": str(place["port"]),
        "N8N_PORT": str(port),
        "N8N_RUNNERS_BROKER_PORT": str(free_port()),
        "N8N_USER_FOLDER": str(folder / "home"),
        "N8N_ADDRESS": f"http://127.0.0.1:{port}",
        "SECRETS": str(secrets),
        "HOME": str(folder / "home"),
        "PATH": f"{PROGRAM.parent}:{PROGRAM.parents[1] / 'node/bin'}:{os.environ['PATH']}",
    }
    (folder / "home").mkdir()
    return Automation(folder, environment, port)


def make_roles(server, secrets):
    """Make the roles and databases of the stack in a cluster, with passwords that a trusting cluster never asks for."""
    secrets.mkdir(exist_ok=True)
    for role in ("postgres", *ROLES.values(), N8N_ROLE):
        (secrets / role).write_text(f"password-of-{role}")
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = 'invoices'").fetchone():
            connection.execute("CREATE DATABASE invoices")
    place = psycopg.conninfo.conninfo_to_dict(server)
    environment = {**os.environ, "SECRETS": str(secrets), "PGHOST": place["host"], "PGPORT": str(place["port"])}
    environment["POSTGRES_USER"] = place["user"]
    subprocess.run([ROLES_SCRIPT], env=environment, check=True, capture_output=True, text=True)


def run_command(url, folder, key, *words, **more):
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
    done = subprocess.run([PROGRAM, *words], env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def import_credential(url, folder, key, name, data):
    """Let n8n lock a credential into its database, as `n8n-setup` does."""
    folder.mkdir(exist_ok=True)
    file = folder / "credentials.json"
    file.write_text(json.dumps([{"id": name, "name": name, "type": "httpHeaderAuth", "data": data}]))
    run_command(url, folder, key, "import:credentials", f"--input={file}")


def exported_credentials(url, folder, key):
    """Return what n8n opens with the key, by id."""
    folder.mkdir(exist_ok=True)
    file = folder / "opened.json"
    run_command(url, folder, key, "export:credentials", "--all", "--decrypted", f"--output={file}")
    opened = {one["id"]: one["data"] for one in json.loads(file.read_text())}
    shutil.rmtree(folder)
    return opened
