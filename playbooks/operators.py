"""`fab operators`: who may log in to the server, and with which key."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from playbooks.steps import deploy_log, lock
from playbooks.steps.given_keys import key_of, only_one
from playbooks.steps.session import RefusedError, Session, can_still_connect, server_task
from provisioning import operator_keys
from provisioning.public_keys import PublicKey

_ACTIONS = ("list", "add", "remove")


@server_task(
    action="list, add or remove.",
    key="The public key to add, ed25519 or RSA: its file, or its line.",
    name="Whose the key is: by default what its line ends with; to remove one, this or its fingerprint.",
    dry_run="Only say what would be done.",
)
def operators(found: Session, action: str, *, key: str = "", name: str = "", dry_run: bool = False) -> None:  # noqa: ARG001  # the session has it
    """List the keys that log in to the server, add one, or remove one."""
    if action not in _ACTIONS:
        raise RefusedError(f"'{action}' cannot be done to operators: say {', '.join(_ACTIONS[:-1])} or {_ACTIONS[-1]}.")
    if action == "add":
        _add(found, key_of(key, name))
    elif action == "remove":
        _remove(found, name)
    _print(found)


def _add(found: Session, key: PublicKey) -> None:
    for other in operator_keys.of_server(found.host, found.settings.user):
        if other.fingerprint == key.fingerprint:
            raise RefusedError(f"{found.host.name}: {key.fingerprint} logs in already, as {other.name or 'no name'}.")
    if found.host.is_rehearsal:
        found.steps.note(f"{key.name} would log in with {key.fingerprint}.")
        return
    with _logged(found, f"added {key.name} {key.fingerprint}"):
        operator_keys.add(found.host, found.settings.user, key, partial(can_still_connect, found))


def _remove(found: Session, name: str) -> None:
    key = _only_one(found, name)
    if found.host.is_rehearsal:
        found.steps.note(f"{key.name} would not log in with {key.fingerprint} any more.")
        return
    with _logged(found, f"removed {key.name} {key.fingerprint}"):
        operator_keys.remove(found.host, found.settings.user, key, partial(can_still_connect, found))


@contextmanager
def _logged(found: Session, what: str) -> Iterator[None]:
    with lock.held(found.host, "operators"), deploy_log.failure_logged(found.host, "operators", "-"):
        yield
        deploy_log.append(found.host, "operators", "-", what)


def _only_one(found: Session, name: str) -> PublicKey:
    """Return the key to remove; raises RefusedError for the one in use, and for the last."""
    there, at = operator_keys.of_server(found.host, found.settings.user), found.host.name
    key = only_one(there, name, at, "fab operators")
    if len(there) == 1:
        raise RefusedError(f"{at}: this is the only key, without which nobody could log in: add another one first.")
    if key.fingerprint == found.host.key:
        raise RefusedError(f"{at}: you are logged in with this key: remove it with another one, named with -i FILE.")
    return key


def _print(found: Session) -> None:
    table = Table("Operator", "Kind", "Key", "", box=SIMPLE_HEAD)
    for key in operator_keys.of_server(found.host, found.settings.user):
        table.add_row(
            escape(key.name) or "–", key.kind, key.fingerprint, "you" if key.fingerprint == found.host.key else ""
        )
    found.console.print(table)
