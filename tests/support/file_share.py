"""A real sshd that lets one account in with a password, for SFTP alone: an office's file server."""

import os
import secrets
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from support.polling import is_so_within
from support.ports import free_port
from support.ssh_server import SSHD


@dataclass(frozen=True)
class FileShare:
    folder: Path
    port: int
    user: str
    password: str

    @property
    def url(self) -> str:
        return f"sftp://{self.user}:{quote(self.password)}@127.0.0.1:{self.port}{self.folder}"

    def put(self, path: Path) -> None:
        """Lay a file in the inbox that nobody has written to for a minute."""
        kept = self.folder / "inbox" / path.name
        shutil.copy(path, kept)
        shutil.chown(kept, self.user)
        minute_ago = path.stat().st_mtime - 60
        os.utime(kept, (minute_ago, minute_ago))

    def files(self, folder: str) -> list[str]:
        place = self.folder / folder
        return sorted(path.name for path in place.iterdir()) if place.exists() else []


@contextmanager
def running_file_share(folder: Path) -> Iterator[FileShare]:
    """Make an account of this machine for as long as it runs: needs root."""
    share = FileShare(folder, free_port(), f"share-{os.getpid()}", secrets.token_urlsafe(12))
    subprocess.run(
        ["useradd", "--no-create-home", "--home-dir", folder, "--shell", "/bin/false", share.user], check=True
    )
    try:
        subprocess.run(["chpasswd"], input=f"{share.user}:{share.password}", text=True, check=True)
        (folder / "inbox").mkdir(parents=True)
        for path in (folder, folder / "inbox"):
            shutil.chown(path, share.user)
        with _running_sshd(folder.parent, share):
            yield share
    finally:
        subprocess.run(["userdel", share.user], check=True, capture_output=True)


@contextmanager
def _running_sshd(folder: Path, share: FileShare) -> Iterator[None]:
    key, configuration = folder / "share-host-key", folder / "share-sshd"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    Path("/run/sshd").mkdir(exist_ok=True)
    options = {
        "Port": share.port, "ListenAddress": "127.0.0.1", "HostKey": key, "PidFile": "none", "StrictModes": "no",
        "UsePAM": "no", "PasswordAuthentication": "yes", "AllowUsers": share.user, "ForceCommand": "internal-sftp",
        "Subsystem": "sftp internal-sftp",
    }  # fmt: skip
    configuration.write_text("".join(f"{name} {value}\n" for name, value in options.items()))
    process = subprocess.Popen([SSHD, "-D", "-e", "-f", configuration], stderr=subprocess.DEVNULL)
    try:
        assert is_so_within(10, lambda: _answers(share.port))
        yield
    finally:
        process.terminate()
        process.wait(10)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
