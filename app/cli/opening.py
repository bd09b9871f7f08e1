"""What commands need: the settings, the open database, the importer."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from app import clock
from app.jobs.job_queue import create_tables
from app.settings import AppSettings
from app.store.db import database, privileges
from app.store.db.current_user import Actor, acting_as
from app.workbook.importing import Importer


@contextmanager
def opened() -> Iterator[AppSettings]:
    """Open the database for a command and return the settings.

    An SQLite database is migrated first, so that a first start needs no other command; for PostgreSQL with pending
    migrations the command ends with exit code 1.
    """
    settings = AppSettings.from_environment()
    database.open_database(settings.database_url)
    with database.connection(), acting_as(Actor(program="the command line")):
        if not database.is_current():
            if not settings.database_url.startswith("sqlite:"):
                typer.echo("The database is not up to date: run `invoices migrate` first.", err=True)
                raise typer.Exit(1)
            migrate()
        yield settings


def migrate() -> list[str]:
    """Create Huey's tables and grant privileges too; return the names of the applied migrations."""
    applied = database.migrate()
    create_tables()
    privileges.grant()
    return applied


def importer(settings: AppSettings) -> Importer:
    return Importer(settings.data_dir, settings.workbook, settings.time_zone, settings.currency, clock.utc_now)
