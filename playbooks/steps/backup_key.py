"""The key that backups are encrypted to: its private half stays with the operator, and never gets to the server."""

from io import StringIO
from pathlib import Path

import pyrage
from dotenv import dotenv_values

from playbooks.steps.operator_files import FOLDER
from playbooks.steps.progress import Steps
from playbooks.steps.stack import SETTINGS
from provisioning.host import Host
from provisioning.settings import HostSettings

NAME = "BACKUP_RECIPIENT"
_FIRST_LINE = "# Opens the backups. Keep a copy where you keep passwords, and one on paper.\n"
_SIGNER = "# signer: "


def file_of(settings: HostSettings) -> Path:
    return file_for(settings.domain)


def file_for(domain: str) -> Path:
    return FOLDER / f"{domain}.backup-key"


def recipient(host: Host, settings: HostSettings, steps: Steps) -> str:
    """Return the public half: the server's, else that of this machine's file, which is made if it is missing."""
    on_server = dotenv_values(stream=StringIO(host.read(SETTINGS) or "")).get(NAME) or ""
    if on_server or host.is_rehearsal:
        return on_server
    return public_half(file_of(settings), steps)


def public_half(path: Path, steps: Steps) -> str:
    """Return that of the file, which is made if it is missing."""
    if not path.exists():
        _make(path)
        steps.console.print(
            f"[bold]{path} was made: without it no backup can be read.[/] Keep a copy where you keep passwords, and "
            "one on paper; it never leaves this machine by itself.",
            soft_wrap=True,
        )
    return str(private(path).to_public())


def private(path: Path) -> pyrage.x25519.Identity:
    """Raise OSError or pyrage.IdentityError if the file is not there, or no such key."""
    lines = path.read_text(encoding="ascii").split()
    return pyrage.x25519.Identity.from_str(next((line for line in lines if line.startswith("AGE-SECRET-KEY-")), ""))


def signers(path: Path) -> list[str]:
    """Return the public keys of the servers that sign what the key opens, the newest first."""
    lines = path.read_text(encoding="ascii").splitlines()
    return [line.removeprefix(_SIGNER) for line in reversed(lines) if line.startswith(_SIGNER)]


def note_signer(path: Path, public_key: str) -> None:
    """Add the key that signs to the file, where that is here: what it signed can be told from what others made."""
    signer = " ".join(public_key.split()[:2])
    if path.exists() and signer not in signers(path):
        # A copy from paper may lack its last line end.
        begins = "" if path.read_text(encoding="ascii").endswith("\n") else "\n"
        with path.open("a", encoding="ascii") as file:
            file.write(f"{begins}{_SIGNER}{signer}\n")


def _make(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600, exist_ok=False)
    path.write_text(f"{_FIRST_LINE}{pyrage.x25519.Identity.generate()}\n", encoding="ascii")
