"""Backups of a trial on a laptop: one file or folder with the SQLite database and the imported files, in plain."""

import json
import os
import shutil
import sqlite3
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import IO

from app.actions.backups import record_restore
from app.backups.data_lock import replacing, using
from app.backups.figures import Figures, differences, firm_day
from app.backups.manifest import FIGURES, MANIFEST, Manifest, StoredFile, id_of, sha256_of
from app.backups.refusals import BackupError
from app.backups.versions import product_version
from app.backups.working_folder import full_disk_told, refuse_without_room
from app.settings import BackupSettings
from app.store.db import database
from app.store.db.sqlite_files import copy_database, damage_of, settle

DATABASE = "invoices.sqlite3"
_IMPORTS = "imports"
_ZIP = ".zip"
_MOST_OF_A_MANIFEST = 50_000_000
_CHUNK_BYTES = 1 << 20
_PREFIX = ".backup-"


@dataclass(frozen=True, slots=True)
class Data:
    """What is backed up: the file of the database, and the folder of the uploaded workbooks."""

    folder: Path
    database: Path
    imports: Path

    @classmethod
    def of(cls, settings: BackupSettings) -> "Data":
        imports = settings.files_place.folder
        assert imports is not None  # the settings refuse a bucket beside SQLite
        return cls(settings.data_dir, Path(settings.database_url.removeprefix("sqlite:///")), imports)


@dataclass(frozen=True, slots=True)
class Restored:
    """`kept` is the folder with the data of before, None if there were none."""

    manifest: Manifest
    kept: Path | None


def backup(data: Data, target: Path, now: datetime) -> Manifest:
    """Write a .zip file or a folder, whole or not at all; the dashboard may go on meanwhile. Raises BackupError."""
    if target.exists():
        raise BackupError(f"{target} is there already: choose another name.")
    if not data.database.exists():
        raise BackupError(f"There is nothing to back up: {data.database} is not there.")
    with using(data.folder), full_disk_told(), _new_folder(target.absolute().parent) as folder:
        copy_database(data.database, folder / DATABASE)
        manifest = _described(data, folder, now)
        if target.suffix == _ZIP:
            _zip(folder, manifest, target)
        else:
            folder.rename(target)
    return manifest


def restore(source: Path, data: Data, now: datetime) -> Restored:
    """Look at the backup, restore it beside the data, compare, then swap; raises BackupError and changes nothing."""
    with replacing(data.folder), full_disk_told(), _new_folder(data.folder) as folder:
        _remove_what_was_killed(data.folder, folder)
        manifest = _unpacked(source, folder)
        _refuse_differences(manifest, folder / DATABASE, now)
        with database.opened_beside(f"sqlite:///{folder / DATABASE}"):
            record_restore(manifest.id, manifest.made_at, now)
        return Restored(manifest, _swap(data, folder, now))


def _described(data: Data, folder: Path, now: datetime) -> Manifest:
    figures = _figures(folder / DATABASE, now)
    (folder / FIGURES).write_text(json.dumps(figures.to_json(), indent=2), encoding="utf-8")
    if data.imports.exists():
        shutil.copytree(data.imports, folder / _IMPORTS, ignore=shutil.ignore_patterns("*#*"))
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    manifest = Manifest(
        id=id_of(now),
        made_at=now,
        versions={"app": product_version(), "server": sqlite3.sqlite_version},
        migrations=figures.migrations,
        repository="",
        files=tuple(_stored(path, path.relative_to(folder).as_posix()) for path in paths),
        figures=figures,
    )
    manifest.write(folder / MANIFEST)
    return manifest


def _stored(path: Path, name: str) -> StoredFile:
    digest, size = sha256_of(path), path.stat().st_size
    return StoredFile(name, name, digest, size, digest, size)


def _zip(folder: Path, manifest: Manifest, target: Path) -> None:
    partial = folder.with_suffix(_ZIP)
    try:
        with zipfile.ZipFile(partial, "x", zipfile.ZIP_DEFLATED) as archive:
            for name in [*(file.name for file in manifest.files), MANIFEST]:
                archive.write(folder / name, name)
        with partial.open("rb") as written:
            os.fsync(written.fileno())
        partial.rename(target)
    finally:
        partial.unlink(missing_ok=True)


def _unpacked(source: Path, folder: Path) -> Manifest:
    """Copy what the manifest names into the folder, and hold each file against it."""
    with _opened(source) as files:
        files.copy(MANIFEST, folder, _MOST_OF_A_MANIFEST)
        manifest = Manifest.read(folder / MANIFEST)
        manifest.refuse_newer(database.known())
        refuse_without_room(folder, sum(file.plain_bytes for file in manifest.files))
        for file in manifest.files:
            files.copy(file.name, folder, file.plain_bytes)
            if sha256_of(folder / file.name) != file.plain_sha256:
                raise BackupError(f"{file.name} in {source} is damaged: take another backup.")
    if not (folder / DATABASE).exists():
        raise BackupError(f"There is no SQLite database in {source}.")
    return manifest.with_figures(folder / FIGURES)


def _refuse_differences(manifest: Manifest, path: Path, now: datetime) -> None:
    if problem := damage_of(path):
        raise BackupError(f"The database of this backup is damaged ({problem}): take another backup.")
    assert manifest.figures is not None  # `_unpacked` read them
    found = _figures(path, now, manifest.figures)
    if differ := differences(_comparable(manifest.figures, found), found):
        raise BackupError(f"The backup does not hold what its manifest says, so nothing was changed: {differ[0]}")


def _comparable(expected: Figures, found: Figures) -> Figures:
    """Leave out what migrations changed if the backup is of an older version: it was migrated beside."""
    if expected.migrations == found.migrations:
        return expected
    return replace(expected, tables=found.tables, migrations=found.migrations)


def _figures(path: Path, now: datetime, of: Figures | None = None) -> Figures:
    """Return the figures of the database for the day of the others, or for today."""
    with database.opened_beside(f"sqlite:///{path}"):
        if of is not None:
            database.migrate()
        elif not database.is_current():
            raise BackupError("The database is not up to date: run `invoices migrate` first.")
        return Figures.taken(of.today if of else firm_day(now))


def _swap(data: Data, folder: Path, now: datetime) -> Path | None:
    """Put the restored data in place of the others, which are kept in a folder beside."""
    kept = data.folder / f"before-restore-{id_of(now)}"
    had_any = data.database.exists()
    if had_any:
        settle(data.database)
    kept.mkdir()
    data.database.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as undone:
        _move(data.imports, kept / _IMPORTS, undone)
        _move(folder / _IMPORTS, data.imports, undone)
        if had_any:
            shutil.copyfile(data.database, kept / DATABASE)
        _replace(data.database, folder / DATABASE)
        undone.pop_all()
    if any(kept.iterdir()):
        return kept
    kept.rmdir()
    return None


def _replace(target: Path, source: Path) -> None:
    """Leave a whole database there at any time, the old one or the new one, even if the disk is another one."""
    beside = target.with_name(f".{target.name}.restored")
    try:
        with source.open("rb") as restored, beside.open("wb") as out:
            shutil.copyfileobj(restored, out)
            out.flush()
            os.fsync(out.fileno())
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)


def _remove_what_was_killed(parent: Path, own: Path) -> None:
    for left in parent.glob(f"{_PREFIX}*"):
        if left != own:
            shutil.rmtree(left, ignore_errors=True)


def _move(source: Path, target: Path, undone: ExitStack) -> None:
    if source.exists():
        shutil.move(source, target)  # it may be on another disk
        undone.callback(shutil.move, target, source)


@dataclass(frozen=True, slots=True)
class _Files:
    """The files of a backup, in a .zip file or in a folder."""

    source: Path
    archive: zipfile.ZipFile | None

    def copy(self, name: str, folder: Path, most: int) -> None:
        """Raise BackupError if the file is missing, damaged or larger than it may be."""
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            with self._file(name) as packed, target.open("wb") as out:
                left = most
                while chunk := packed.read(min(_CHUNK_BYTES, left + 1)):
                    left -= len(chunk)
                    if left < 0:
                        raise BackupError(f"{name} in {self.source} is larger than it may be: take another backup.")
                    out.write(chunk)
        except (KeyError, FileNotFoundError) as error:
            raise BackupError(f"{name} is missing in {self.source}: this is no backup, or a part of one.") from error
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise BackupError(f"{name} in {self.source} is damaged: take another backup.") from error

    def _file(self, name: str) -> IO[bytes]:
        return self.archive.open(name) if self.archive else (self.source / name).open("rb")


@contextmanager
def _opened(source: Path) -> Iterator[_Files]:
    if source.is_dir():
        yield _Files(source, None)
        return
    try:
        with zipfile.ZipFile(source) as archive:
            yield _Files(source, archive)
    except FileNotFoundError as error:
        raise BackupError(f"{source} is not there: name the file or the folder of a backup.") from error
    except zipfile.BadZipFile as error:
        raise BackupError(f"{source} is no backup, or only a part of one.") from error


@contextmanager
def _new_folder(parent: Path) -> Iterator[Path]:
    """Give a folder beside what it is to become, and remove what is left of it."""
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
