"""Maintenance commands: maintenance on, off. On one machine they need no database: it may be away."""

from datetime import timedelta
from typing import Annotated

import typer

from app import clock
from app.cli.opening import refuse
from app.jobs.processes import Processes
from app.maintenance import MaintenanceSwitch, StillWritingError
from app.settings import AppSettings
from app.store.db import database

_SECONDS = 300
maintenance = typer.Typer(help="Let everything be read and nothing be written.", no_args_is_help=True)


@maintenance.command()
def on(
    *,
    minutes: Annotated[int, typer.Option(min=1, max=24 * 60, help="How long it should take.")],
    why: Annotated[str, typer.Option(help="What users read of it, in a few words.")] = "",
    wait: Annotated[int, typer.Option(min=0, help="How many seconds a write that has begun may take.")] = _SECONDS,
) -> None:
    """Refuse whatever would be written, on pages, in the API and by the worker, until it is turned off."""
    until = clock.utc_now() + timedelta(minutes=minutes)
    try:
        _mode().begin(until, " ".join(why.split()), wait)
    except StillWritingError as error:
        refuse(
            "A request or a job was still writing after that time, so nothing was changed: wait until it has ended, or "
            "give it more by --wait.",
            error,
        )
    typer.echo(f"Nothing is written from now on. Users are told that it is over at about {until:%H:%M} UTC.")


@maintenance.command()
def off() -> None:
    """Let everything be written again."""
    typer.echo("Everything can be written again." if _mode().end() else "There was no maintenance.")


def _mode() -> MaintenanceSwitch:
    settings = AppSettings.from_environment()
    if settings.is_one_of_several:
        database.open_database(settings.database_url)
    return Processes.of(settings).maintenance
