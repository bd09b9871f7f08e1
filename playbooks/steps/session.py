"""What a command acts on, a server or a cluster; expected errors end the program with one message and exit code 1."""

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

from playbooks.steps import aws
from playbooks.steps.aws import Aws
from playbooks.steps.inventory import known_hosts, server_settings
from playbooks.steps.progress import Steps
from playbooks.steps.release import ReleaseError
from provisioning import ssh_keys
from provisioning.host import HostError
from provisioning.settings import ClusterSettings, HostSettings, HostSettingsError
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


class ClusterError(Exception):
    """Something failed on the cluster; the message names it, what serves now, and what to do."""


EXPECTED = (ClusterError, HostError, HostSettingsError, ReleaseError, RefusedError, UnfinishedError)


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


@dataclass(frozen=True, slots=True)
class ClusterSession:
    """In a rehearsal nothing is changed."""

    settings: ClusterSettings
    aws: Aws
    steps: Steps
    stack: str = STACK
    is_rehearsal: bool = False

    @property
    def console(self) -> Console:
        return self.steps.console


def server_task(name: str | None = None, /, **options: str) -> Callable[[Callable[..., None]], Any]:
    """Make a `fab` command of a function that takes a session, and keywords that `options` say the meaning of.

    It is a command for a machine: a cluster has none, and refuses it. The command also has the options `--server` and
    `--stack`. With `--dry-run` or `--check` the session is a rehearsal.
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


def machine_settings_or_exit(server: str, stack: str) -> HostSettings:
    """Exit with one message for a cluster as well."""
    with ending_in_one_message():
        settings = server_settings(server, stack)
        _refuse_cluster(settings, stack)
    return settings


def _refuse_cluster(settings: HostSettings, stack: str) -> None:
    if settings.cluster and not settings.host:
        raise RefusedError(
            f"The stack {stack} is a cluster, which has no machine: this command is for a server "
            "(docs/high-availability.md says what takes its place)."
        )


@contextmanager
def session(context: Context, server: str, stack: str, *, dry_run: bool = False) -> Iterator[Session]:
    """Connect to the server; exit with one message on an expected error, Ctrl-C or Ctrl-D."""
    with ending_in_one_message():
        settings = server_settings(server, stack)
        _refuse_cluster(settings, stack)
        with session_at(settings, context, server, stack, dry_run=dry_run) as found:
            yield found


@contextmanager
def session_of_either(
    context: Context, server: str, stack: str, *, of_cluster: bool, dry_run: bool
) -> Iterator[Session | ClusterSession]:
    """As `session`, but of what the stack rented; where that is both, `of_cluster` chooses the cluster."""
    with ending_in_one_message():
        settings = server_settings(server, stack)
        if of_cluster and not settings.cluster:
            raise RefusedError(f"The stack {stack} has no cluster: leave out --cluster, or set shape to both.")
        if settings.cluster and (of_cluster or not settings.host):
            yield cluster_session(settings.cluster, stack, dry_run=dry_run)
            return
        with session_at(settings, context, server, stack, dry_run=dry_run) as found:
            yield found


def cluster_session(settings: ClusterSettings, stack: str, *, dry_run: bool = False) -> ClusterSession:
    return ClusterSession(settings, Aws(settings.region), Steps(_console()), stack, dry_run)


@contextmanager
def session_at(
    settings: HostSettings, context: Context, server: str, stack: str, *, dry_run: bool
) -> Iterator[Session]:
    identity = identity_of(context)
    login = login_of(context)
    keys = known_hosts(settings)
    with connected(settings.host, settings.user, keys, login=login, is_rehearsal=dry_run) as host:
        yield Session(settings, host, Steps(_console()), identity, server, stack, login)


@contextmanager
def ending_in_one_message() -> Iterator[None]:
    try:
        yield
    except EXPECTED as error:
        sys.exit(str(error))
    except aws.Error as error:
        sys.exit(aws.sentence(error))
    except (KeyboardInterrupt, EOFError):  # Ctrl-C, or Ctrl-D where something is asked
        sys.exit("Broken off.")


def _console() -> Console:
    return Console(highlight=False, soft_wrap=True)


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
