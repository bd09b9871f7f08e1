"""Backups as the operator's machine reads them: with the restorer's key and the private key, neither on the server."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playbooks.steps import backup_key
from playbooks.steps.inventory import ROOT, restorer_key
from playbooks.steps.session import RefusedError, Session
from playbooks.steps.stack_settings import file_of, wanted

_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class OpenedBackup:
    """A backup whose signature and hashes hold, decrypted into a folder of this machine."""

    id: str
    sentence: str
    folder: Path

    @property
    def archive(self) -> Mapping[str, Any]:
        """Return name and passphrase of the archive of the server that made it, and of those before."""
        settings = json.loads((self.folder / "settings.json").read_text(encoding="utf-8"))
        return {
            "repository": settings["repository"],
            "cipher": settings["cipher"],
            "archives_before": settings.get("archives_before", []),
        }

    @property
    def audit_head(self) -> str:
        figures = json.loads((self.folder / "figures.json").read_text(encoding="utf-8"))
        return str(figures["audit"]["head"])


def listed(found: Session) -> list[dict[str, Any]]:
    """Return the backups in the bucket, oldest first: `backup` (its id), `at`, `bytes`, `complete`."""
    backups: list[dict[str, Any]] = json.loads(_invoices(found, "backups", "--json"))
    return backups


@contextmanager
def opened(found: Session, backup_id: str) -> Iterator[OpenedBackup]:
    """Fetch, verify and decrypt it for the block; raises RefusedError."""
    key = backup_key.file_of(found.settings)
    if not key.exists():
        raise RefusedError(f"{key} is not here: it is the one key that opens backups. Put your copy of it there.")
    signers = backup_key.signers(key)
    if not signers:
        raise RefusedError(f"{key} names no signer: add the line `# signer: ssh-ed25519 …` of the server's own key.")
    with tempfile.TemporaryDirectory(prefix="invoices-backup-") as place:
        folder, public = Path(place, "opened"), Path(place, "signer.pub")
        refusal = ""
        for signer in signers:
            public.write_text(signer, encoding="ascii")
            words = ("verify-backup", "--backup", backup_id, "--key", str(key), "--signer", str(public))
            try:
                said = json.loads(_invoices(found, *words, "--into", str(folder), "--json"))
            except RefusedError as error:
                refusal = str(error)
                continue
            yield OpenedBackup(backup_id, str(said["sentence"]), folder)
            return
        raise RefusedError(refusal)


def _invoices(found: Session, *words: str) -> str:
    """Run the app's own command on this machine, where the private key is; raises RefusedError with its sentence."""
    command = [sys.executable, "-m", "app.cli", *words]
    environment = {**os.environ, **_environment(found)}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=_SECONDS, check=False
    )
    if done.returncode:
        raise RefusedError(_sentence(done))
    return done.stdout


def _environment(found: Session) -> dict[str, str]:
    place = wanted(found.settings, file_of(found.stack))
    if not place["BACKUP_PLACE"].startswith("s3:"):
        raise RefusedError(
            "No bucket is rented: backups lie in /var/lib/invoices/backups on the server itself, and "
            "docs/operations.md says how one of them is opened."
        )
    key = restorer_key(found.server, found.stack)
    return {
        **{name: place[name] for name in ("BACKUP_PLACE", "BACKUP_ENDPOINT", "BACKUP_REGION")},
        "BACKUP_ACCESS_KEY_ID": key.access_key_id,
        "BACKUP_SECRET_ACCESS_KEY": key.secret_access_key,
        "BACKUP_CA_FILE": found.settings.backup_authority,
    }


def _sentence(done: "subprocess.CompletedProcess[str]") -> str:
    lines = done.stdout.strip().splitlines()
    try:
        return str(json.loads(lines[-1])["sentence"])
    except (IndexError, ValueError, KeyError, TypeError):
        said = (done.stderr or done.stdout).strip().splitlines()
        return said[-1] if said else "The backups could not be read."
