"""n8n's data: its database and key where one is put in place, with n8n stopped meanwhile."""

import json
from pathlib import Path
from typing import Any

from playbooks.steps.automation import PROFILE, SERVICE, N8n
from playbooks.steps.carrying import volume
from playbooks.steps.progress import Steps
from playbooks.steps.session import RefusedError
from playbooks.steps.stack import ONCE, Stack, running
from playbooks.steps.stack_settings import noted
from provisioning.host import Host, Ran

DATABASE, VOLUME = "n8n", "n8n"
DUMP = "n8n.dump"
_KEY, _FIGURES = "n8n.key", "n8n.json"
_SECRETS, _ENCRYPTION_KEY, _KEY_BEFORE = "secrets-n8n", "encryption_key", "encryption_key_before"
_RESTORED = "n8n_restored"
# n8n notes the key that it began with, and would not start with another; setup notes what it imported into a database.
_NOTED_KEY, _NOTED_SETUP = "config", "setup.done"
_FORGET = 'rm -f -- "${N8N_USER_FOLDER:-$HOME}/.n8n/$0"'
_EMPTY = f"""\
DROP DATABASE IF EXISTS {_RESTORED} WITH (FORCE);
CREATE DATABASE {_RESTORED} OWNER invoices_n8n TEMPLATE template0;
"""
_DISCARD = f"DROP DATABASE IF EXISTS {_RESTORED} WITH (FORCE);"
_ROWS = """\
SELECT (xpath('/row/c/text()', query_to_xml(format('SELECT count(*) AS c FROM %I', tablename), false, true, '')))[1]
FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename COLLATE "C"
"""
_PG_RESTORE = (
    "pg_restore", "--username", "postgres", "--role", "invoices_n8n", "--no-owner", "--no-privileges",
    "--exit-on-error", "--single-transaction", "--dbname", _RESTORED,
)  # fmt: skip


def is_on(host: Host) -> bool:
    return PROFILE in noted(host).get("COMPOSE_PROFILES", "").split(",")


def writers(host: Host) -> tuple[str, ...]:
    """Return the services that write to the databases, which stop before one is put in place."""
    return ("app", "worker", *((SERVICE,) if is_on(host) else ()))


def stop(stack: Stack) -> None:
    if is_on(stack.host):
        stack.execute("stop", SERVICE)


def start(stack: Stack, steps: Steps) -> None:
    """Import workflows and credentials again and start it, unless it runs; the site serves whatever fails."""
    if not is_on(stack.host) or running(stack.host, SERVICE):
        return
    _forget(stack, _NOTED_SETUP, check=False)
    N8n(stack, steps, is_wanted=True).ensure()


def set_key(stack: Stack, key: str) -> None:
    """Let n8n open what was locked with this key, empty for its own, and note the key before for `key_before`."""
    folder = volume(stack.host, _SECRETS)
    before = stack.host.read(f"{folder}/{_ENCRYPTION_KEY}")
    if before:
        stack.host.write(f"{folder}/{_KEY_BEFORE}", before, mode="0400")
    if key in {"", before}:
        return
    stack.execute(*ONCE, "secrets", "invoices", "secrets", "--set-n8n-key", stdin=key)
    if is_on(stack.host):
        _forget(stack, _NOTED_KEY)


def key_before(host: Host) -> str:
    """Return the key that was there before the last restore."""
    return host.read(f"{volume(host, _SECRETS)}/{_KEY_BEFORE}") or ""


def key_in(folder: Path) -> str:
    """Return the key in an opened backup, empty where n8n is not in it."""
    path = folder / _KEY
    return path.read_text(encoding="utf-8") if path.exists() else ""


def restore_beside(stack: Stack, folder: Path, uploaded: str) -> str:
    """Restore n8n's dump of an opened backup into another database, and compare; return its name, empty without one.

    `uploaded` is the backup on the server. Raises HostError, or RefusedError where something differs.
    """
    if not (folder / DUMP).exists():
        return ""
    sql(stack, _EMPTY)
    try:
        unpack = 'tar -xOf "$0" ./' + DUMP + ' | "$@"'
        stack.host.act(
            "sh", "-c", unpack, uploaded, *stack.compose_args("exec", "-T", "db", *_PG_RESTORE), seconds=3600
        )
        _compare(stack, json.loads((folder / _FIGURES).read_text(encoding="utf-8")))
    except BaseException:
        discard(stack)
        raise
    return _RESTORED


def discard(stack: Stack) -> None:
    sql(stack, _DISCARD)


def sql(stack: Stack, statements: str) -> None:
    psql = ("psql", "-U", "postgres", "-q", "-v", "ON_ERROR_STOP=1", "postgres")
    stack.execute("exec", "-T", "db", *psql, stdin=statements)


def _forget(stack: Stack, note: str, *, check: bool = True) -> Ran:
    return stack.execute(*ONCE, "--entrypoint", "sh", SERVICE, "-c", _FORGET, note, check=check)


def _compare(stack: Stack, expected: dict[str, Any]) -> None:
    found = stack.rows(_ROWS, _RESTORED)
    tables = dict(sorted(expected["tables"].items()))
    if found != [str(rows) for rows in tables.values()]:
        raise RefusedError(
            f"{stack.host.name}: n8n's database as restored is not what the backup says: choose another."
        )
