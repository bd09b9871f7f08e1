"""Logical backups: the database as one dump with the uploaded workbooks, encrypted, signed, and stored file by file."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from app.backups import dumps, n8n, signatures
from app.backups.encryption import encrypt_file
from app.backups.figures import Figures, firm_day
from app.backups.manifest import DUMP, FIGURES, MANIFEST, SETTINGS, Manifest, StoredFile, id_of, sha256_of
from app.backups.n8n import N8nFigures
from app.backups.places import Place, place_at
from app.backups.refusals import BackupError
from app.backups.stored_backups import refuse_wrong_clock
from app.backups.versions import product_version
from app.files import Files
from app.settings import BackupSettings
from app.store.db.database import DatabaseUnavailableError
from app.store.db.snapshots import exported, server_version, snapshot
from app.store.ledger import imports
from app.store.ledger.imports import State, StoredImport
from app.workbook.import_files import WORKBOOK

_IMPORTS_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that is complete in its place; `lost` says which uploaded workbooks are not in it, and why.

    `n8n` are the figures of n8n's database, None where n8n never ran; `lost` also says why it is not in the backup.
    """

    manifest: Manifest
    bytes: int
    lost: list[str]
    n8n: N8nFigures | None = None


def make(settings: BackupSettings, folder: Path, now: datetime, shown: Mapping[str, str]) -> Made:
    """Back up the open PostgreSQL database, and leave the plain dumps, also that of n8n, in the working folder.

    `shown` are the settings that are no secrets. Raises BackupError, PlaceError, SignatureError or EncryptionError.
    """
    settings.require("backup_place", "backup_recipient", "backup_signing_key_file")
    assert settings.backup_signing_key_file is not None  # `require` said so
    signatures.public_key(settings.backup_signing_key_file)  # before anything is stored that nobody could sign
    place = place_at(settings)
    refuse_wrong_clock(place, now)
    return _Backup(settings, place, folder, now).made(shown)


@dataclass(slots=True)
class _Backup:
    settings: BackupSettings
    place: Place
    folder: Path
    now: datetime
    stored: list[StoredFile] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    @property
    def id(self) -> str:
        return id_of(self.now)

    @property
    def files(self) -> Files:
        return Files(self.settings.files_place)

    def made(self, shown: Mapping[str, str]) -> Made:
        versions = {"app": product_version(), "pg_dump": dumps.refuse_old_pg_dump(), "server": server_version()}
        with snapshot():
            figures = Figures.taken(firm_day(self.now))
            dumps.dump(self.settings.database_url, exported(), self.folder / DUMP)
            uploaded = list(_all_imports())
        of_n8n = self._dumped_n8n()
        needed = {
            "repository": self.settings.backup_repository,
            "cipher": self.settings.backup_cipher,
            "archives_before": json.loads(self.settings.backup_archives_before or "[]"),
        }
        self._store(self.folder / DUMP)
        self._store_json(SETTINGS, {**needed, "settings": dict(shown)})
        self._store_json(FIGURES, figures.to_json())
        if of_n8n:
            versions["n8n"] = of_n8n.version
            self._store_n8n(of_n8n)
        self._store_workbooks(uploaded)
        manifest = Manifest(
            id=self.id,
            made_at=self.now,
            versions=versions,
            migrations=figures.migrations,
            repository=self.settings.backup_repository,
            files=tuple(self.stored),
            figures=figures,
        )
        self._close(manifest)
        return Made(manifest, sum({file.key: file.bytes for file in self.stored}.values()), self.lost, of_n8n)

    def _dumped_n8n(self) -> N8nFigures | None:
        """Let the ledger be backed up whatever is wrong with n8n."""
        try:
            return n8n.dumped(self.settings, self.folder)
        except (BackupError, DatabaseUnavailableError) as error:
            self.lost.append(f"n8n's database: {str(error).rstrip('.')}")
            return None

    def _store_n8n(self, figures: N8nFigures) -> None:
        """Store the key apart from the dump that it opens."""
        self._store(self.folder / n8n.DUMP)
        self._store_text(n8n.KEY, self.settings.n8n_encryption_key)
        self._store_json(n8n.FIGURES, figures.to_json())

    def _store_json(self, name: str, values: Mapping[str, Any]) -> None:
        self._store_text(name, json.dumps(values, indent=2))

    def _store_text(self, name: str, text: str) -> None:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        self._store(path)
        path.unlink()

    def _store(self, path: Path) -> None:
        key = f"dumps/{self.id}/{path.name}.age"
        with self._encrypted(path) as locked:
            self.place.put(key, locked)
            self.stored.append(_described(path.name, key, path, locked))

    def _store_workbooks(self, uploaded: list[StoredImport]) -> None:
        """Store each content once, whatever backup it came with first."""
        there = self.place.sizes("files/")
        for one in uploaded:
            try:
                self.stored.append(self._workbook(one, there))
            except _LostError as lost:
                if _is_to_be_there(one):
                    self.lost.append(str(lost))

    def _workbook(self, uploaded: StoredImport, there: dict[str, int]) -> StoredFile:
        """Raise _LostError if the uploaded workbook cannot be backed up."""
        kept, key = f"{uploaded.stored_file}/{WORKBOOK}", f"files/{uploaded.sha256}.age"
        name = f"imports/{kept}"
        if self.files.folder is None and key in there:
            return self._stored_before(name, kept, uploaded, there[key])
        try:
            with self.files.fetched(kept) as workbook:
                if sha256_of(workbook) != uploaded.sha256:
                    raise _LostError(f"{uploaded.file_name} of import {uploaded.id} is not what was uploaded")
                if key in there:
                    return StoredFile(name, key, uploaded.sha256, workbook.stat().st_size, "", there[key])
                with self._encrypted(workbook) as locked:
                    self.place.put(key, locked)
                    stored = _described(name, key, workbook, locked)
        except FileNotFoundError as error:
            raise self._not_there(uploaded) from error
        there[key] = stored.bytes
        return stored

    def _stored_before(self, name: str, kept: str, uploaded: StoredImport, size: int) -> StoredFile:
        """Leave the workbook in its bucket: every hour all of them would be fetched, which backups have already."""
        if self.files.size(kept) != uploaded.size_bytes:
            raise self._not_there(uploaded)
        return StoredFile(name, f"files/{uploaded.sha256}.age", uploaded.sha256, uploaded.size_bytes, "", size)

    def _not_there(self, uploaded: StoredImport) -> "_LostError":
        return _LostError(
            f"{uploaded.file_name} of import {uploaded.id} is not in {self.files.folder or self.files.place.url}"
        )

    def _close(self, manifest: Manifest) -> None:
        """Store what makes the backup count."""
        path = self.folder / MANIFEST
        manifest.write(path)
        key = self.settings.backup_signing_key_file
        assert key is not None  # `make` required it
        for one in (path, signatures.sign(path, key)):
            self.place.put(f"dumps/{self.id}/{one.name}", one)

    @contextmanager
    def _encrypted(self, path: Path) -> Iterator[Path]:
        locked = self.folder / f"{path.name}.age"
        encrypt_file(path, locked, self.settings.backup_recipient)
        try:
            yield locked
        finally:
            locked.unlink()


def _described(name: str, key: str, plain: Path, locked: Path) -> StoredFile:
    sizes = plain.stat().st_size, locked.stat().st_size
    return StoredFile(name, key, sha256_of(plain), sizes[0], sha256_of(locked), sizes[1])


def _all_imports() -> Iterator[StoredImport]:
    last = 0
    while found := imports.following(last, _IMPORTS_AT_ONCE):
        yield from found
        last = found[-1].id


def _is_to_be_there(uploaded: StoredImport) -> bool:
    """Return whether the workbook is kept: it was not discarded meanwhile, nor refused as one that cannot be read."""
    found = imports.get(uploaded.id)
    return found is not None and found.sha256 == uploaded.sha256 and found.state is not State.FAILED


class _LostError(Exception):
    """The message says which workbook is lost, as a part of a sentence."""
