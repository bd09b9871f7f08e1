"""The command that fills an empty database with a made-up workbook."""

import tempfile
from pathlib import Path

import typer

from app import clock
from app.cli.opening import importer, opened
from app.domain.permissions import Role
from app.store import imports, logins, users
from app.web.passwords import hash_password, new_password
from app.workbook.demo import write_demo
from app.workbook.preview import Choices

DEMO_EMAIL = "demo@example.com"
DEMO_FILE = "demo-receivables.xlsx"

commands = typer.Typer()


@commands.command()
def demo() -> None:
    """Import a made-up workbook into an empty database and print a sign-in for it."""
    with opened() as settings:
        known = imports.newest_first(limit=1)
        user = users.find_by_email(DEMO_EMAIL)
        if (known or users.all_users()) and user is None:
            typer.echo("This database is in use: the demo only fills an empty one (choose another DATA_DIR).", err=True)
            raise typer.Exit(1)
        if user is None:
            user = users.create(DEMO_EMAIL, "Demo", Role.ADMIN, hash_password(new_password()), clock.utc_now())
        if not known:
            with tempfile.TemporaryDirectory(prefix="demo-") as folder:
                path = Path(folder) / DEMO_FILE
                write_demo(path, clock.today(settings.time_zone))
                ours = importer(settings)
                examined = ours.examine(path, Choices(), lambda _: None)
                ours.apply_file(path, examined, Choices(), user.id, lambda _: None)
                typer.echo(f"Imported {DEMO_FILE}: {examined.preview.counts['new']} rows.")
        # No password of a demo is worth remembering: each run makes a new one and ends the logins of the last.
        password = new_password()
        users.set_password_hash(user.id, hash_password(password))
        logins.revoke_all_of(user.id, clock.utc_now())
        typer.echo(f"Sign in at {settings.public_url} as {DEMO_EMAIL} with the password {password}")
