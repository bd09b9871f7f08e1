"""Commands that `fab restore` and `fab move` run beside the database."""

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from app import clock
from app.backups import recovery
from app.backups.figures import Figures, firm_day
from app.backups.n8n import N8nFigures
from app.backups.physical import Repository
from app.backups.recovery import Found, Wanted
from app.backups.refusals import BackupError
from app.cli.run_reports import run_and_report
from app.settings import BackupSettings
from app.store.access import audit_chain
from app.store.db import database

recover = typer.Typer(
    help="Restore the database beside the one that serves; `fab restore` runs these.", no_args_is_help=True
)

_Volume = Annotated[
    Path, typer.Option("--volume", envvar="DATABASE_FOLDER", help="The folder above the data of the database.")
]
_Name = Annotated[str, typer.Option("--name", help="What the database that makes room is kept as.")]


@recover.command()
def beside(
    *,
    volume: _Volume,
    at: Annotated[str, typer.Option(help="A moment in UTC, as ISO; the newest without.")] = "",
) -> None:
    """Restore beside, and print what was found.

    Standard input is a JSON object, which may name another archive (`repository`, `cipher`), a seal of the audit that
    has to be found (`noted_head`) and figures to agree with (`figures`, and `n8n` for those of n8n's database).
    """
    run_and_report(lambda: _beside(at, volume, json.load(sys.stdin)), as_json=True)


@recover.command()
def handover() -> None:
    """Print what another server restores this one with, and compares it by: secrets, for no eyes and no log."""
    run_and_report(_handed_over, as_json=True)


@recover.command()
def compare(*, host: Annotated[str, typer.Option(help="The server that holds a copy of the database.")]) -> None:
    """Compare every figure of the database with those of its copy on another server, to the cent."""
    run_and_report(lambda: _compared(host), as_json=True)


@recover.command()
def figures(*, host: Annotated[str, typer.Option(help="The server to look at; the present one without.")] = "") -> None:
    """Print what the database holds, or what its copy on another server does."""
    run_and_report(lambda: _figures(host), as_json=True)


@recover.command()
def swap(*, name: _Name, volume: _Volume) -> None:
    """Put what was restored in the place of the data."""
    run_and_report(lambda: _swapped(volume, name), as_json=True)


@recover.command()
def back(*, name: _Name, volume: _Volume) -> None:
    """Put what was there before the last swap back."""
    run_and_report(lambda: _swapped_back(volume, name), as_json=True)


@recover.command()
def kept(*, volume: _Volume) -> None:
    """Name the databases that are kept beside the one that serves."""
    run_and_report(lambda: {"ok": True, "sentence": "", "kept": recovery.kept(volume)}, as_json=True)


@recover.command()
def forget(*, volume: _Volume) -> None:
    """Remove what is kept, for good, and what was restored and not taken."""
    run_and_report(lambda: _forgotten(volume), as_json=True)


@recover.command()
def discard(*, volume: _Volume) -> None:
    """Remove what was restored beside, and not taken."""
    run_and_report(lambda: _discarded(volume), as_json=True)


def _beside(at: str, volume: Path, given: dict[str, Any]) -> dict[str, Any]:
    settings = BackupSettings.from_environment()
    settings.require("backup_place", "backup_repository", "backup_cipher")
    moment = _moment(at)
    name, cipher = _archive_of(moment, settings)
    repository = Repository(
        place=settings.backup_place,
        name=given.get("repository") or name,
        cipher=given.get("cipher") or cipher,
        endpoint=settings.backup_endpoint,
        region=settings.backup_region,
        access_key_id=settings.backup_access_key_id,
        secret_access_key=settings.backup_secret_access_key,
        ca_file=str(settings.backup_ca_file or ""),
    )
    expected = Figures.from_json(given["figures"]) if given.get("figures") else None
    of_n8n = N8nFigures.from_json(given["n8n"]) if given.get("n8n") else None
    wanted = Wanted(repository, moment, given.get("noted_head") or audit_chain.BEGINNING, expected, of_n8n)
    found = recovery.restore_beside(wanted, volume, clock.utc_now())
    return {"ok": True, "sentence": found.sentence, "base": found.base.label, **_measured(found)}


def _handed_over() -> dict[str, Any]:
    settings = BackupSettings.from_environment()
    settings.require("backup_repository", "backup_cipher")
    with database.another_database(settings.database_url):
        figures = Figures.taken(firm_day(clock.utc_now()))
    if figures.audit_problem:
        raise BackupError(f"The audit is broken at {figures.audit_problem}: `invoices audit verify` says more.")
    of_n8n = recovery.figures_of_n8n(settings.database_url)
    return {
        "ok": True,
        "sentence": "",
        "repository": settings.backup_repository,
        "cipher": settings.backup_cipher,
        "archives_before": json.loads(settings.backup_archives_before or "[]"),
        "figures": figures.to_json(),
        "n8n": of_n8n.to_json() if of_n8n else None,
    }


def _compared(host: str) -> dict[str, Any]:
    url = BackupSettings.from_environment().database_url
    copy = _at_host(url, host)
    return {"ok": True, **recovery.compared(url, copy, clock.utc_now())}


def _figures(host: str) -> dict[str, Any]:
    url = BackupSettings.from_environment().database_url
    return {"ok": True, **recovery.figures_of(_at_host(url, host) if host else url, clock.utc_now())}


def _at_host(url: str, host: str) -> str:
    parts = urlsplit(url)
    user, _, _ = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{user}@{host}:{parts.port or 5432}").geturl()


def _archive_of(moment: datetime | None, settings: BackupSettings) -> tuple[str, str]:
    """Return name and passphrase of the archive that was written to at that moment: a restore begins a new one."""
    for before in json.loads(settings.backup_archives_before or "[]"):
        if moment and moment < datetime.fromisoformat(before["until"]):
            return before["name"], before["cipher"]
    return settings.backup_repository, settings.backup_cipher


def _measured(found: Found) -> dict[str, Any]:
    return {"seconds": round(found.seconds, 1), "figures": recovery.figures_shown(found.figures)}


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise BackupError(f"'{text}' is no moment, such as 2026-11-28T09:05:00Z.") from error
    if moment.tzinfo is None:
        raise BackupError(f"'{text}' does not say its zone: add Z for UTC, or such as +01:00.")
    if moment > clock.utc_now():
        raise BackupError(f"{moment.isoformat()} is still to come: without --at the newest state is restored.")
    return moment


def _forgotten(volume: Path) -> dict[str, Any]:
    recovery.discard(volume)
    names = recovery.forget_kept(volume)
    return {"ok": True, "sentence": f"Removed: {', '.join(names)}." if names else "Nothing was kept.", "kept": []}


def _discarded(volume: Path) -> dict[str, Any]:
    recovery.discard(volume)
    return {"ok": True, "sentence": "What was restored beside is removed."}


def _swapped(volume: Path, name: str) -> dict[str, Any]:
    recovery.swap(volume, name)
    return {"ok": True, "sentence": "What was restored is in its place."}


def _swapped_back(volume: Path, name: str) -> dict[str, Any]:
    recovery.swap_back(volume, name)
    return {"ok": True, "sentence": "What was there before is in its place again."}
