"""Reading a backup: with the private key and the server's public one, each file is held against what was signed."""

import shutil
import tempfile
from datetime import datetime
from pathlib import Path

from app.backups import signatures
from app.backups.encryption import decrypt_file
from app.backups.manifest import FIGURES, MANIFEST, SIGNATURE, Manifest, StoredFile, sha256_of
from app.backups.places import Place
from app.backups.refusals import BackupError
from app.backups.stored_backups import newest_complete, stored_backups
from app.backups.working_folder import full_disk_told, refuse_without_room
from app.domain.sentences import counted


def chosen(place: Place, backup_id: str, now: datetime) -> str:
    """Return the id, by default that of the newest complete backup; raises BackupError if that cannot be read."""
    backups = {one.id: one for one in stored_backups(place)}
    newest = newest_complete(place)
    found = backups.get(backup_id) if backup_id else newest
    if found is None:
        raise BackupError(f"There is no backup {backup_id}." if backup_id else "There is no complete backup here.")
    if not found.is_complete:
        raise BackupError(f"Backup {found.id} is not complete: it was cut off while it was stored. Choose another.")
    if found.at > now:
        raise BackupError(f"Backup {found.id} is of the future: look at the clocks of this machine and of the server.")
    return found.id


def fetch(place: Place, backup_id: str, private_key: str, signer: str, into: Path) -> Manifest:
    """Write the plain files of a backup to a new folder, all of them or none, and return the manifest with its figures.

    `signer` is an allowed-signers line. Raises BackupError, PlaceError, SignatureError, EncryptionError or
    ManifestError.
    """
    if into.exists():
        raise BackupError(f"{into} is there already: name a folder that is not.")
    with full_disk_told():
        into.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=".backup-", dir=into.parent))
        try:
            manifest = _fetched(place, backup_id, private_key, signer, folder)
            folder.rename(into)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    return manifest


def is_signed(place: Place, backup_id: str, signer: str) -> bool:
    """Return whether the manifest of the backup is its own, and the signer's."""
    with tempfile.TemporaryDirectory(prefix="signed-") as folder:
        try:
            _signed_manifest(place, backup_id, signer, Path(folder))
        except BackupError:
            return False
    return True


def told(manifest: Manifest) -> str:
    """Say in one sentence what the backup holds."""
    assert manifest.figures is not None  # `fetch` read them
    rows = {name: totals["rows"] for name, totals in manifest.figures.tables.items()}
    workbooks = sum(1 for file in manifest.files if file.name.startswith("imports/"))
    held = (
        counted(rows.get("customers", 0), "customer", "customers"),
        counted(rows.get("invoices", 0), "invoice", "invoices"),
        counted(rows.get("payments", 0), "payment", "payments"),
    )
    return (
        f"Backup {manifest.id} holds {', '.join(held)} and {counted(workbooks, 'workbook', 'workbooks')} as of "
        f"{manifest.made_at:%Y-%m-%d %H:%M} UTC, and every file is as the server signed it.{_n8n_in(manifest)}"
    )


def _n8n_in(manifest: Manifest) -> str:
    return f" n8n {manifest.versions['n8n']} is in it, with its encryption key." if "n8n" in manifest.versions else ""


def _fetched(place: Place, backup_id: str, private_key: str, signer: str, folder: Path) -> Manifest:
    manifest = _signed_manifest(place, backup_id, signer, folder)
    sizes = place.sizes(f"dumps/{backup_id}/") | place.sizes("files/")
    for file in manifest.files:
        _refuse_other_size(file, sizes.get(file.key), backup_id)
    refuse_without_room(folder, sum(file.plain_bytes for file in manifest.files))
    for file in manifest.files:
        _fetch_file(place, file, private_key, folder)
    found = manifest.with_figures(folder / FIGURES)
    assert found.figures is not None
    if found.figures.migrations != manifest.migrations:
        raise BackupError(f"Backup {backup_id} contradicts itself about its tables: choose another.")
    return found


def _signed_manifest(place: Place, backup_id: str, signer: str, folder: Path) -> Manifest:
    for name in (MANIFEST, SIGNATURE):
        place.get(f"dumps/{backup_id}/{name}", folder / name)
    signatures.verify(folder / MANIFEST, folder / SIGNATURE, signer)
    manifest = Manifest.read(folder / MANIFEST)
    if manifest.id != backup_id:
        raise BackupError(f"What is stored as backup {backup_id} is backup {manifest.id}: an old one was put there.")
    return manifest


def _refuse_other_size(file: StoredFile, size: int | None, backup_id: str) -> None:
    if size is None:
        raise BackupError(f"Backup {backup_id} is not complete: {file.key} is missing. Choose another.")
    if size != file.bytes:
        raise BackupError(f"{file.key} has {size:,} bytes, not {file.bytes:,}: it is damaged. Choose another backup.")


def _fetch_file(place: Place, file: StoredFile, private_key: str, folder: Path) -> None:
    plain, locked = folder / file.name, folder / Path(file.key).name
    plain.parent.mkdir(parents=True, exist_ok=True)
    place.get(file.key, locked)
    if file.sha256 and sha256_of(locked) != file.sha256:
        raise BackupError(f"{file.key} is not what the server stored: it is damaged. Choose another backup.")
    decrypt_file(locked, plain, private_key)
    locked.unlink()
    if (plain.stat().st_size, sha256_of(plain)) != (file.plain_bytes, file.plain_sha256):
        raise BackupError(f"{file.name} in {file.key} is not what the server stored. Choose another backup.")
