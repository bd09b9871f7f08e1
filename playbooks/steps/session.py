"""The connection of a command to a server; expected errors end the program with one message and exit code 1."""

import getpass
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, wraps
from inspect import Signature, signature
from pathlib import Path
from typing import Any

from invoke.context import Context
from invoke.tasks import task
from rich.console import Console

from playbooks.steps.inventory import known_hosts, server_settings
from playbooks.steps.progress import Steps
from playbooks.steps.release import ReleaseError
from provisioning import ssh_keys
from provisioning.host import HostError
from provisioning.settings import HostSettings, HostSettingsError
from provisioning.ssh_host import ANY_KEY, SshHost, connected
from provisioning.ssh_keys import SshLogin

STACK = "prod"
SERVER_HELP = {
    "server": "A file about a server that Pulumi did not rent, as JSON; else INVOICES_SERVER names it.",
    "stack": "The stack that rented the server.",
}


class RefusedError(Exception):
    """Nothing was changed; the message says why."""


class UnfinishedError(Exception):
    """The site serves as asked, but something beside it was not done; the message says what, and how it is."""


EXPECTED = (HostError, HostSettingsError, ReleaseError, RefusedError, UnfinishedError)


@dataclass(frozen=True, slots=True)
class Session:
    """`identity` is the key file of `fab -i FILE`, empty if SSH may choose, and `login` its key, unlocked once.

    `server` and `stack` are what was named.
    """

    settings: HostSettings
    host: SshHost
    steps: Steps
    identity: str = ""
    server: str = ""
    stack: str = STACK
    login: SshLogin = ANY_KEY

    @property
    def console(self) -> Console:
        return self.steps.console


def server_task(name: str | None = None, /, **options: str) -> Callable[[Callable[..., None]], Any]:
    """Make a `fab` command of a function that takes a session, and keywords that `options` say the meaning of.

    The command also has the options `--server` and `--stack`. With `--dry-run` or `--check` the session is a rehearsal.
    """

    def decorate(command: Callable[..., None]) -> Any:  # noqa: ANN401  # an untyped Task of invoke
        @wraps(command)
        def run(context: Context, *, server: str = "", stack: str = STACK, **given: Any) -> None:  # noqa: ANN401  # its own options
            is_rehearsal = given.get("dry_run", False) or given.get("check", False)
            with session(context, server, stack, dry_run=is_rehearsal) as found:
                command(found, **given)

        # Invoke makes the options from the signature.
        own, shared = signature(command).parameters, signature(run, follow_wrapped=False).parameters
        every = [*own.values(), shared["server"], shared["stack"]]
        run.__signature__ = Signature(every)  # type: ignore[attr-defined]  # mypy knows no such attribute
        return task(name=name, help=SERVER_HELP | options)(run)

    return decorate


def settings_or_exit(server: str, stack: str) -> HostSettings:
    try:
        return server_settings(server, stack)
    except HostSettingsError as error:
        sys.exit(str(error))


@contextmanager
def session(context: Context, server: str, stack: str, *, dry_run: bool = False) -> Iterator[Session]:
    """Exit with one message on an expected error, Ctrl-C or Ctrl-D."""
    console = Console(highlight=False, soft_wrap=True)
    try:
        settings = server_settings(server, stack)
        identity = identity_of(context)
        login = login_of(context)
        keys = known_hosts(settings)
        with connected(settings.host, settings.user, keys, login=login, is_rehearsal=dry_run) as host:
            yield Session(settings, host, Steps(console), identity, server, stack, login)
    except EXPECTED as error:
        sys.exit(str(error))
    except (KeyboardInterrupt, EOFError):  # Ctrl-C, or Ctrl-D where something is asked
        sys.exit("Broken off.")


@contextmanager
def another_server(found: Session, server: str) -> Iterator[Session]:
    """Connect to the server of a file as well, with the same key; raises HostSettingsError or HostError."""
    settings, rehearsed = server_settings(server, found.stack), found.host.is_rehearsal
    keys = known_hosts(settings)
    with connected(settings.host, settings.user, keys, login=found.login, is_rehearsal=rehearsed) as host:
        yield Session(settings, host, found.steps, found.identity, server, found.stack, found.login)


def can_still_connect(found: Session) -> bool:
    """Return whether another connection works, with the same key."""
    settings = found.settings
    try:
        with connected(settings.host, settings.user, known_hosts(settings), login=found.login) as second:
            return second.run("true", check=False).ok
    except HostError:
        return False


def identity_of(context: Context) -> str:
    """Return the key file of `fab -i FILE`, of a public key the private half beside it; empty if none is named."""
    named = context.config.get("connect_kwargs", {}).get("key_filename") or ""
    first = str(named) if isinstance(named, str) else str(next(iter(named), ""))
    return str(ssh_keys.private_file(Path(first).expanduser())) if first else ""


def login_of(context: Context) -> SshLogin:
    """Unlock the key of `fab -i FILE`; raises HostError."""
    identity = identity_of(context)
    passphrase = str(context.config.get("connect_kwargs", {}).get("passphrase") or "")

    def ask(file: Path) -> str:
        if passphrase:
            return passphrase
        if not sys.stdin.isatty():
            raise HostError(f"{file} has a passphrase, and no terminal is here to ask for it: first `ssh-add {file}`.")
        return _typed_passphrase(file)

    return SshLogin(ssh_keys.load(Path(identity), ask) if identity else None, passphrase)


@cache  # commands in a row, such as `fab provision deploy`, ask once
def _typed_passphrase(file: Path) -> str:
    return getpass.getpass(f"Passphrase of {file}: ")
