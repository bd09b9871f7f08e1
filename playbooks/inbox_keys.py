"""`fab inbox-keys`: which keys hand workbooks in by SFTP."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from playbooks.steps import deploy_log, lock
from playbooks.steps.given_keys import key_of, only_one
from playbooks.steps.session import RefusedError, Session, server_task
from provisioning import inbox, operator_keys

_ACTIONS = ("list", "add", "remove")


@server_task(
    action="list, add or remove.",
    key="The public key to add, ed25519 or RSA: its file, or its line.",
    name="Whose the key is: by default what its line ends with; to remove one, this or its fingerprint.",
    dry_run="Only say what would be done.",
)
def inbox_keys(found: Session, action: str, *, key: str = "", name: str = "", dry_run: bool = False) -> None:  # noqa: ARG001  # the session has it
    """List the keys that hand workbooks in by SFTP, add one, or remove one."""
    if action not in _ACTIONS:
        raise RefusedError(f"'{action}' cannot be done to keys: say {', '.join(_ACTIONS[:-1])} or {_ACTIONS[-1]}.")
    if action == "add":
        _add(found, key, name)
    elif action == "remove":
        _remove(found, name)
    _print(found)


def _add(found: Session, text: str, name: str) -> None:
    host, key = found.host, key_of(text, name)
    if host.read(inbox.KEYS) is None:
        raise RefusedError(f"{host.name}: it has no account for the inbox yet: run `fab provision` first.")
    for other in inbox.of_server(host):
        if other.fingerprint == key.fingerprint:
            raise RefusedError(f"{host.name}: {key.fingerprint} hands in already, as {other.name or 'no name'}.")
    if any(one.fingerprint == key.fingerprint for one in operator_keys.of_server(host, found.settings.user)):
        raise RefusedError(
            f"{host.name}: {key.fingerprint} is an operator's, and what hands files in is often kept on another "
            "machine: make a key of its own."
        )
    if host.is_rehearsal:
        found.steps.note(f"{key.name} would hand in with {key.fingerprint}.")
        return
    with _logged(found, f"added {key.name} {key.fingerprint}"):
        inbox.add(host, key)


def _remove(found: Session, name: str) -> None:
    key = only_one(inbox.of_server(found.host), name, found.host.name, "fab inbox-keys")
    if found.host.is_rehearsal:
        found.steps.note(f"{key.name} would not hand in with {key.fingerprint} any more.")
        return
    with _logged(found, f"removed {key.name} {key.fingerprint}"):
        inbox.remove(found.host, key)


@contextmanager
def _logged(found: Session, what: str) -> Iterator[None]:
    with lock.held(found.host, "inbox-keys"), deploy_log.failure_logged(found.host, "inbox-keys", "-"):
        yield
        deploy_log.append(found.host, "inbox-keys", "-", what)


def _print(found: Session) -> None:
    table = Table("Sender", "Kind", "Key", box=SIMPLE_HEAD)
    for key in inbox.of_server(found.host):
        table.add_row(escape(key.name) or "–", key.kind, key.fingerprint)
    found.console.print(table)
