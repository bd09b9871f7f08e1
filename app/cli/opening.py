"""What commands need: the settings, the open database, the importer, and how they end with a sentence."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import NoReturn

import typer

from app import clock
from app.backups import data_lock
from app.domain.firm import Firm
from app.domain.sentences import plain
from app.files import Files
from app.jobs.job_queue import create_tables
from app.settings import AppSettings
from app.store.access import users
from app.store.access.users import User
from app.store.db import database, privileges
from app.store.db.current_user import Actor, acting_as
from app.store.ledger import firm
from app.workbook.importing import Importer


@contextmanager
def opened() -> Iterator[AppSettings]:
    """Open the database for a command and return the settings.

    An SQLite database is migrated first, so that a first start needs no other command; for PostgreSQL with pending
    migrations the command ends with exit code 1.
    """
    settings = AppSettings.from_environment()
    with in_use(settings):
        database.open_database(settings.database_url, newest_url=AppSettings.database_url_now)
        yield from _opened(settings)


@contextmanager
def in_use(settings: AppSettings) -> Iterator[None]:
    """Let nobody restore a backup over the data of an SQLite database meanwhile."""
    with data_lock.using(settings.data_dir) if settings.is_sqlite else nullcontext():
        yield


def _opened(settings: AppSettings) -> Iterator[AppSettings]:
    with database.connection(), acting_as(Actor(program="the command line")):
        if not database.is_current():
            if not settings.is_sqlite:
                refuse("The database is not up to date: run `invoices migrate` first.")
            migrate()
        yield settings


def refuse(sentence: str, cause: Exception | None = None) -> NoReturn:
    """End the command with the sentence and exit code 1."""
    typer.echo(plain(sentence), err=True)
    raise typer.Exit(1) from cause


def existing_user(email: str) -> User:
    user = users.find_by_email(email)
    if user is None:
        refuse(f"There is no user {email}.")
    return user


def migrate() -> list[str]:
    """Create Huey's tables and grant privileges too; return the names of the applied migrations."""
    applied = database.migrate()
    create_tables()
    privileges.grant()
    return applied


def importer(settings: AppSettings) -> Importer:
    return Importer(
        settings.data_dir, Files(settings.files_place), settings.workbook, settings.unsaved_firm, clock.utc_now
    )


def current_firm(settings: AppSettings) -> Firm:
    """Ask within `opened`."""
    return firm.current(settings.unsaved_firm)
