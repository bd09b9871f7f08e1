"""A server reached by SSH: host keys are verified, waits have a limit, every argument of a command is quoted."""

import logging
import posixpath
import secrets
import shlex
import socket
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import paramiko
from fabric import Connection
from paramiko.ssh_exception import NoValidConnectionsError

from provisioning.host import HostError, Ran
from provisioning.ssh_keys import SshLogin

logging.getLogger("paramiko").setLevel(logging.CRITICAL)  # its errors are raised as HostError here

CONNECT_SECONDS = 10
_KEEPALIVE_SECONDS = 10
_SILENCE_MILLISECONDS = 30_000  # how long sent data may stay unacknowledged
_ATTEMPTS = 3
_LINES_SHOWN = 15
_COMMAND_LENGTH_SHOWN = 200
_NO_ANSWER = (TimeoutError, ConnectionError, NoValidConnectionsError, EOFError)
ANY_KEY = SshLogin()
_RESTART = ("systemd-run", "--quiet", "--on-active=1", "systemctl", "reboot")  # after this command was answered
_BOOT_ID = "/proc/sys/kernel/random/boot_id"
_RESTART_PAUSE_SECONDS = 5
_RESTART_TRIES = 60
_ENCRYPTED_DISK = "/srv/invoices"  # where encrypted_disk.py mounts it
_ABSENT = 66  # EX_NOINPUT of sysexits.h; `cat` ends with 1 whatever is wrong


class SshHost:
    """The user who logs in may become root without a password.

    Once the connection is lost, every later call raises HostError with the message of that moment.
    """

    def __init__(self, connection: Connection, *, is_rehearsal: bool = False) -> None:
        self._connection = connection
        self.is_rehearsal = is_rehearsal
        self.name = str(connection.host)
        self._lost = ""

    @property
    def key(self) -> str:
        """Return the fingerprint of the key that the user is logged in with, such as `SHA256:…`."""
        handler = self._connection.transport.auth_handler
        return str(handler.private_key.fingerprint) if handler and handler.private_key else ""

    def run(self, *command: str, stdin: str | bytes = "", check: bool = True, seconds: int = 60) -> Ran:
        ran = self._run(command, stdin, seconds)
        if check and not ran.ok:
            output = "\n".join((ran.err or ran.out).strip().splitlines()[-_LINES_SHOWN:])
            line = shlex.join(command)[:_COMMAND_LENGTH_SHOWN]
            raise HostError(f"{self.name}: `{line}` ended with {ran.exit_code}:\n{output}")
        return ran

    def act(self, *command: str, stdin: str | bytes = "", check: bool = True, seconds: int = 600) -> Ran:
        return Ran(0, "") if self.is_rehearsal else self.run(*command, stdin=stdin, check=check, seconds=seconds)

    def read(self, path: str) -> str | None:
        script = f'[ -e "$1" ] || exit {_ABSENT}; exec cat -- "$1"'
        found = self.run("sh", "-c", script, "sh", path, check=False)
        if found.exit_code == _ABSENT:
            return None
        if found.ok:
            return found.out
        raise HostError(f"{self.name}: {path} cannot be read: {found.err.strip()}")

    def write(self, path: str, content: str, *, mode: str = "0644", valid: Sequence[str] = ()) -> None:
        """Write a temporary file next to it, validate that, then move it into place."""
        temporary = f"{path}.{secrets.token_hex(4)}.new"
        self.act("mkdir", "-p", "--", posixpath.dirname(path))
        try:
            self.act("sh", "-c", 'umask 077; cat > "$1"', "sh", temporary, stdin=content)
            self.act("chown", "root:root", temporary)
            self.act("chmod", mode, temporary)
            if valid:
                self.act(*(part.replace("{}", temporary) for part in valid))
            self.act("mv", "-f", "--", temporary, path)
        except HostError:
            self.act("rm", "-f", "--", temporary, check=False)
            raise

    def restart(self) -> None:
        """Raise HostError unless the server has started again within about five minutes."""
        if self.is_rehearsal:
            return
        before = self.run("cat", _BOOT_ID).out
        self.act(*_RESTART)
        for _ in range(_RESTART_TRIES):
            time.sleep(_RESTART_PAUSE_SECONDS)
            if self._has_started_since(before):
                return
        self._lost = f"{self.name}: it was restarted, and does not answer to SSH again: look at its console."
        raise HostError(self._lost)

    def _has_started_since(self, boot_id: str) -> bool:
        self._connection.close()
        try:
            _open(self._connection)
            return self.run("cat", _BOOT_ID).out != boot_id
        except (OSError, EOFError, paramiko.SSHException, HostError):
            self._lost = ""
            return False

    def upload(self, local: str, path: str) -> None:
        if self.is_rehearsal:
            return
        with self._on_its_way() as temporary:
            with self._reached(f"the upload of {Path(local).name}"):
                self._connection.put(local, temporary, preserve_mode=False)
            self.act("install", "-D", "-m", "0644", "-o", "root", "-g", "root", temporary, path)

    def download(self, path: str, local: str) -> None:
        if self.is_rehearsal:
            return
        with self._on_its_way() as temporary:
            self.act("install", "-m", "0600", "-o", str(self._connection.user), path, temporary)
            with self._reached(f"the download of {posixpath.basename(path)}"):
                self._connection.get(temporary, local)

    @contextmanager
    def _on_its_way(self) -> Iterator[str]:
        """Yield an empty file that only who logged in reads, on the encrypted disk if there is one."""
        is_encrypted = self.run("mountpoint", "--quiet", _ENCRYPTED_DISK, check=False).ok
        folder = _ENCRYPTED_DISK if is_encrypted else "/tmp"  # noqa: S108  # the name below cannot be guessed
        temporary = f"{folder}/invoices-{secrets.token_hex(8)}"
        try:
            self.act("install", "-m", "0600", "-o", str(self._connection.user), "/dev/null", temporary)
            yield temporary
        finally:
            self.run("rm", "-f", "--", temporary, check=False)

    def _run(self, command: Sequence[str], stdin: str | bytes, seconds: int) -> Ran:
        # Not Fabric's `run`: it writes standard input one character at a time, a hundred a second.
        with self._reached(shlex.join(command)[:_COMMAND_LENGTH_SHOWN]), ThreadPoolExecutor(2) as readers:
            remote_stdin, out, err = self._connection.client.exec_command(
                f"sudo -n -- env LC_ALL=C.UTF-8 {shlex.join(command)}", timeout=seconds
            )
            # Read both while the input is written: one that is not read would block the command.
            stdout, stderr = readers.submit(out.read), readers.submit(err.read)
            remote_stdin.write(stdin)
            remote_stdin.channel.shutdown_write()
            # Before the exit code: these reads time out, waiting for the code does not.
            output = [one.result().decode(errors="replace") for one in (stdout, stderr)]
            exit_code = out.channel.recv_exit_status()
            if not self._connection.is_connected:
                raise EOFError
            return Ran(exit_code, *output)

    @contextmanager
    def _reached(self, what: str) -> Iterator[None]:
        """Raise connection errors of the block as HostError; raises at once if the connection was lost before."""
        if self._lost:
            raise HostError(self._lost)
        try:
            yield
        except (OSError, EOFError, paramiko.SSHException) as error:
            if self._connection.is_connected:
                reason = str(error) or type(error).__name__
                raise HostError(f"{self.name}: the connection failed during {what} ({reason}).") from error
            self._lost = (
                f"{self.name}: the connection was lost during {what}. What was begun there may go on: "
                "see `fab status`, then run the command again."
            )
            raise HostError(self._lost) from error


class _UnknownKeyError(paramiko.SSHException):
    pass


class _RefuseUnknownKeys(paramiko.MissingHostKeyPolicy):
    def missing_host_key(self, _client: object, hostname: str, _key: object) -> None:
        raise _UnknownKeyError(hostname)


@contextmanager
def connected(
    address: str,
    user: str,
    known_hosts: Path,
    *,
    login: SshLogin = ANY_KEY,
    config: object = None,
    is_rehearsal: bool = False,
) -> Iterator[SshHost]:
    """Raise HostError unless the server's key is in the known_hosts file and the user gets in."""
    keys: dict[str, object] = {"passphrase": login.passphrase or None}
    if login.key:
        keys = {"pkey": login.key, "look_for_keys": False, "allow_agent": False}
    for attempt in range(_ATTEMPTS):
        connection = Connection(
            address, user=user, config=config, connect_timeout=CONNECT_SECONDS,
            connect_kwargs={"banner_timeout": CONNECT_SECONDS, "auth_timeout": CONNECT_SECONDS, **keys},
        )  # fmt: skip
        # By default Fabric accepts any host key.
        connection.client.set_missing_host_key_policy(_RefuseUnknownKeys())
        if known_hosts.exists():
            connection.client.load_host_keys(str(known_hosts))
        try:
            _open(connection)
        except (OSError, EOFError, paramiko.SSHException) as error:
            if attempt + 1 == _ATTEMPTS or not isinstance(error, _NO_ANSWER):
                raise HostError(f"{address}: {_reason(error, user)}.") from error
            continue
        break
    with connection:
        yield SshHost(connection, is_rehearsal=is_rehearsal)


def _open(connection: Connection) -> None:
    connection.open()
    connection.transport.set_keepalive(_KEEPALIVE_SECONDS)
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # only on Linux, which otherwise gives up after 15 minutes
        connection.transport.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _SILENCE_MILLISECONDS)


def _reason(error: Exception, user: str) -> str:
    if isinstance(error, _NO_ANSWER):
        return f"it does not answer to SSH ({str(error) or type(error).__name__})"
    if isinstance(error, paramiko.BadHostKeyException):
        return "it is not the server it was, its key is another. If it was replaced: `fab trust --again`"
    if isinstance(error, _UnknownKeyError):
        return "its key is not known yet: `fab trust` shows and keeps it"
    if isinstance(error, paramiko.PasswordRequiredException):
        return "the key of this machine has a passphrase: name it with -i FILE, or give it to the agent with `ssh-add`"
    if isinstance(error, paramiko.AuthenticationException):
        return f"it lets nobody in as {user} with this key; name another with -i FILE"
    # Paramiko has no type of its own for a connection that ends before SSH begins.
    if isinstance(error.__context__, EOFError | ConnectionError):
        return "it ends the connection at once, as it does for a while after many tries from one place: wait a minute"
    return str(error)
