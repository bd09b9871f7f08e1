"""A real sshd on this machine, which lets two keys in."""

import getpass
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import paramiko
import pytest
from fabric import Config
from support.polling import is_so_within

from provisioning.ssh_host import connected
from provisioning.ssh_keys import SshLogin, load

SSHD = Path("/usr/sbin/sshd")
PASSPHRASE = "four words of mine"
needs_sshd = pytest.mark.skipif(
    not SSHD.exists() or not shutil.which("sudo") or os.getuid() != 0, reason="needs sshd, sudo and root"
)


@dataclass(frozen=True)
class SshServer:
    folder: Path
    port: int
    process_id: int

    @property
    def known_hosts(self):
        return self.folder / "known_hosts"

    @contextmanager
    def connect(self, *, identity="id", passphrase="", known_hosts=None, user=None, **options):
        login = SshLogin(load(self.folder / identity, lambda _file: passphrase) if identity else None)
        try:
            with connected(
                "127.0.0.1",
                user or getpass.getuser(),
                known_hosts or self.known_hosts,
                login=login,
                config=Config(overrides={"port": self.port, "load_ssh_configs": False}),
                **options,
            ) as host:
                yield host
        finally:
            if isinstance(login.key, paramiko.AgentKey):
                login.key.agent.close()


@contextmanager
def running_ssh_server(folder: Path) -> Iterator[SshServer]:
    folder.mkdir(exist_ok=True)
    for name in ("id", "other", "host"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "rsa", "-b", "3072", "-N", PASSPHRASE, "-f", folder / "encrypted"], check=True
    )
    let_in = [(folder / f"{name}.pub").read_text() for name in ("id", "encrypted")]
    (folder / ".ssh").mkdir()
    (folder / ".ssh/authorized_keys").write_text("".join(let_in))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    kind, key, _ = (folder / "host.pub").read_text().split()
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {kind} {key}\n")
    Path("/run/sshd").mkdir(exist_ok=True)
    options = {
        "Port": port, "ListenAddress": "127.0.0.1", "HostKey": folder / "host", "PidFile": "none", "StrictModes": "no",
        "AuthorizedKeysFile": folder / ".ssh/authorized_keys", "PasswordAuthentication": "no", "UsePAM": "no",
        "PermitRootLogin": "yes", "Subsystem": "sftp internal-sftp",
    }  # fmt: skip
    (folder / "config").write_text("".join(f"{name} {value}\n" for name, value in options.items()))
    process = subprocess.Popen([SSHD, "-D", "-e", "-f", folder / "config"], stderr=subprocess.DEVNULL)
    try:
        assert is_so_within(10, lambda: _answers(port))
        yield SshServer(folder, port, process.pid)
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def running_agent(path: Path) -> Iterator[Path]:
    """Start an agent that holds no key yet, and return its socket."""
    process = subprocess.Popen(["ssh-agent", "-D", "-a", path], stdout=subprocess.DEVNULL)
    try:
        assert is_so_within(10, path.exists)
        yield path
    finally:
        process.terminate()
        process.wait(10)


def _answers(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
