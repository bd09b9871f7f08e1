"""Commands about backups: backup, backups, restore, verify-backup."""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

from app import clock
from app.actions.backups import record_restore
from app.backups import dumps, logical, n8n, reading_back, signatures, sqlite, stored_backups
from app.backups.encryption import private_key_in
from app.backups.figures import Figures, differences
from app.backups.manifest import DUMP, FIGURES, MANIFEST, Manifest, refuse_newer
from app.backups.places import Directory, Place, place_at
from app.backups.refusals import BackupError
from app.backups.working_folder import working_folder
from app.cli.opening import migrate
from app.cli.printing import CONSOLE
from app.cli.run_reports import run_and_report
from app.domain.sentences import first_of
from app.files import Files
from app.settings import BackupSettings, plain_settings
from app.store.db import database

commands = typer.Typer()

_JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a sentence.")]


@commands.command()
def backup(
    file: Annotated[
        Path | None, typer.Argument(help="For SQLite: a new file.zip, or a new folder, that holds the backup.")
    ] = None,
    *,
    as_json: _JsonOption = False,
) -> None:
    """Back everything up: SQLite into a file, PostgreSQL to BACKUP_PLACE, encrypted and signed."""
    run_and_report(lambda: _backed_up(file), as_json=as_json)


@commands.command()
def backups(*, as_json: _JsonOption = False) -> None:
    """List the backups in BACKUP_PLACE."""
    place = place_at(BackupSettings.from_environment())
    found = stored_backups.stored_backups(place)
    if as_json:
        items = [
            {"backup": one.id, "at": one.at.isoformat(), "bytes": one.bytes, "complete": one.is_complete}
            for one in found
        ]
        typer.echo(json.dumps(items, indent=2))
        return
    table = Table("Backup", "Made", "Size", "", box=SIMPLE_HEAD)
    for one in found:
        state = "" if one.is_complete else "not complete"
        table.add_row(one.id, f"{one.at:%Y-%m-%d %H:%M} UTC", f"{one.bytes / 1_000_000:,.1f} MB", state)
    CONSOLE.print(table if found else "There are no backups yet.")
    if place.is_weaker:
        typer.echo(
            "They are in a folder, which is weaker than a locked bucket: anybody in control of the server can delete "
            "them."
        )


@commands.command()
def restore(
    file: Annotated[
        Path, typer.Argument(help="The backup: for PostgreSQL, invoices.dump or the folder of verify-backup --into.")
    ],
    *,
    as_json: _JsonOption = False,
) -> None:
    """Restore a backup: over SQLite's data, which are kept beside, or into an empty PostgreSQL database."""
    run_and_report(lambda: _restored(file), as_json=as_json)


@commands.command("verify-backup")
def verify_backup(
    place: Annotated[str, typer.Argument(help="A folder or s3://BUCKET (default: BACKUP_PLACE).")] = "",
    *,
    key: Annotated[Path, typer.Option(help="The file of the private key of age.")],
    signer: Annotated[Path, typer.Option(help="The file of the server's public key.")],
    backup_id: Annotated[str, typer.Option("--backup", help="Which one (default: the newest).")] = "",
    into: Annotated[Path | None, typer.Option(help="A new folder that keeps what was opened.")] = None,
    as_json: _JsonOption = False,
) -> None:
    """Open a backup on a machine of your own, and say whether it is whole and what it holds."""
    run_and_report(lambda: _verified(_named(place), key, signer, backup_id, into), as_json=as_json)


def _backed_up(file: Path | None) -> dict[str, Any]:
    settings = BackupSettings.from_environment()
    if settings.is_sqlite:
        if file is None:
            raise BackupError("Name the file: invoices backup FILE.zip, which must not be there yet.")
        return _backed_up_to(file, settings)
    if file is not None:
        raise BackupError("A PostgreSQL database is backed up to BACKUP_PLACE: leave the name of the file out.")
    return _backed_up_to_the_place(settings)


def _backed_up_to(file: Path, settings: BackupSettings) -> dict[str, Any]:
    manifest = sqlite.backup(sqlite.Data.of(settings), file, clock.utc_now())
    size = sum(stored.bytes for stored in manifest.files)
    sentence = f"Everything is in {file}: keep it where this machine cannot lose it."
    return {"ok": True, "sentence": sentence, "backup": manifest.id, "bytes": size, "weaker": True}


def _backed_up_to_the_place(settings: BackupSettings) -> dict[str, Any]:
    place = place_at(settings)
    with working_folder(settings.scratch_dir) as folder:
        database.open_database(settings.database_url)
        with database.connection():
            made = logical.make(settings, folder, clock.utc_now(), plain_settings())
    if isinstance(place, Directory):
        stored_backups.prune(place, clock.utc_now(), _is_ours(place, settings))
    facts = {"backup": made.manifest.id, "bytes": made.bytes, "weaker": place.is_weaker}
    if made.lost:
        sentence = f"Backup {made.manifest.id} is made, but something is missing in it: {first_of(made.lost)}."
        return {"ok": False, "sentence": sentence, **facts}
    weaker = " It is in a folder: anybody in control of the server can delete it." if place.is_weaker else ""
    return {"ok": True, "sentence": f"Backup {made.manifest.id} is made.{weaker}", **facts}


def _is_ours(place: Place, settings: BackupSettings) -> Callable[[str], bool]:
    key = settings.backup_signing_key_file
    assert key is not None  # `logical.make` required it
    signer = signatures.allowed_signers_line(signatures.public_key(key))
    return lambda backup_id: reading_back.is_signed(place, backup_id, signer)


def _restored(file: Path) -> dict[str, Any]:
    settings = BackupSettings.from_environment()
    if settings.is_sqlite:
        return _restored_sqlite(file, settings)
    return _restored_postgresql(file, settings)


def _restored_sqlite(file: Path, settings: BackupSettings) -> dict[str, Any]:
    data = sqlite.Data.of(settings)
    restored = sqlite.restore(file, data, clock.utc_now())
    kept = f" What was there before is kept in {restored.kept}: delete it once all is well." if restored.kept else ""
    return {"ok": True, "sentence": f"{reading_back.told(restored.manifest)}{kept}", "backup": restored.manifest.id}


def _restored_postgresql(file: Path, settings: BackupSettings) -> dict[str, Any]:
    folder = file if file.is_dir() else None
    dumped = file / DUMP if folder else file
    if not dumped.exists():
        raise BackupError(f"{dumped} is not there: name a plain dump, or the folder that `verify-backup --into` made.")
    database.open_database(settings.database_url)
    with database.connection():
        refuse_newer(dumps.migrations_in(dumped), database.known())
        if database.has_tables():
            raise BackupError("The database is not empty: make an empty one, and restore into that.")
    dumps.restore(dumped, settings.database_url)
    with database.connection():
        migrate()
        if folder is None:
            return {
                "ok": True,
                "sentence": f"{dumped} is restored; its workbooks are to be put into the folder of FILES_URL.",
            }
        manifest = Manifest.read(folder / MANIFEST).with_figures(folder / FIGURES)
        assert manifest.figures is not None
        if differ := differences(manifest.figures, Figures.taken(manifest.figures.today)):
            raise BackupError(f"The restored database does not hold what the backup says: {differ[0]}")
        record_restore(manifest.id, manifest.made_at, clock.utc_now())
    _put_workbooks(folder / "imports", Files(settings.files_place))
    left = (
        f" n8n's database is not restored by this: it is in {folder / n8n.DUMP}." if "n8n" in manifest.versions else ""
    )
    return {"ok": True, "sentence": f"{reading_back.told(manifest)}{left}", "backup": manifest.id}


def _put_workbooks(folder: Path, files: Files) -> None:
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        files.put(path.relative_to(folder).as_posix(), path)


def _named(place: str) -> Place:
    settings = BackupSettings.from_environment()
    if not place:
        return place_at(settings)
    if place.startswith("s3://"):
        return place_at(settings.model_copy(update={"backup_place": place}))
    return Directory(Path(place.removeprefix("file://")))


def _verified(place: Place, key: Path, signer: Path, backup_id: str, into: Path | None) -> dict[str, Any]:
    private, line = private_key_in(key), _signer_in(signer)
    found = reading_back.chosen(place, backup_id, clock.utc_now())
    with tempfile.TemporaryDirectory(prefix="verify-") as folder:
        manifest = reading_back.fetch(place, found, private, line, into or Path(folder, "backup"))
    return {"ok": True, "sentence": reading_back.told(manifest), "backup": manifest.id}


def _signer_in(path: Path) -> str:
    try:
        return signatures.allowed_signers_line(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise BackupError(f"The server's public key in {path} cannot be read.") from error
