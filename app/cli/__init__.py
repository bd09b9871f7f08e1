"""The command line, `invoices …`: the same commands in the container and on a laptop."""

import os
import sys

import typer

from app.actions.automation.program_accounts import ProgramAccountError
from app.actions.imports import NotNowError
from app.backups.refusals import BackupError
from app.cli import (
    audit,
    automation,
    backups,
    certificates,
    demo,
    imports,
    maintenance,
    recovery,
    reports,
    secret_files,
    serving,
    tokens,
    users,
)
from app.domain.sentences import plain
from app.files import FilesUnavailableError
from app.jobs.job_queue import QueueUnavailableError
from app.settings import AppSettingsError
from app.store.access.users import EmailTakenError
from app.store.db.database import DatabaseUnavailableError
from app.store.db.outages import Outage, outage_behind
from app.workbook.reading.refusal import WorkbookRefusedError

_EXPECTED_ERRORS = (
    AppSettingsError,
    BackupError,
    DatabaseUnavailableError,
    FilesUnavailableError,
    QueueUnavailableError,
    WorkbookRefusedError,
    NotNowError,
    EmailTakenError,
    ProgramAccountError,
)

commands = typer.Typer(
    help="Receivables from an Excel workbook, on a dashboard.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for module in (serving, demo, imports, reports, users, tokens, secret_files, backups):
    commands.registered_commands += module.commands.registered_commands
commands.add_typer(reports.report, name="report")
commands.add_typer(audit.audit, name="audit")
commands.add_typer(automation.automation, name="automation")
commands.add_typer(maintenance.maintenance, name="maintenance")
commands.add_typer(certificates.certificate, name="certificate")
commands.add_typer(recovery.recover, name="recover", hidden=True)


def main() -> None:
    """Print an error that the user can fix as one sentence, and exit with 1."""
    os.umask(0o077)  # the database, uploads and exports are for nobody else on this machine
    try:
        commands()
    except _EXPECTED_ERRORS as refused:
        typer.echo(plain(str(refused)), err=True)
        for reason in getattr(refused, "reasons", ()):
            typer.echo(plain(f"  {reason}"), err=True)
        sys.exit(1)
    except Exception as error:
        if outage_behind(error) is not Outage.DISK_FULL:
            raise
        sys.exit("The disk of the server is full: nothing was changed. Make room, and try again.")
