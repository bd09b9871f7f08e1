"""The command demo: fills an empty database from a generated workbook."""

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from app import clock
from app.actions import firm as firm_actions
from app.actions import imports as import_actions
from app.actions import passwords
from app.actions import users as user_actions
from app.actions.users import UserFacts
from app.cli.opening import current_firm, importer, opened, refuse
from app.cli.serving import refuse_taken_port, run_server
from app.domain.firm import Firm
from app.domain.permissions import Role
from app.settings import AppSettings
from app.store.access import users
from app.store.access.users import User
from app.store.ledger import imports
from app.web.auth.passwords import hash_password, new_password
from app.workbook.preview import Choices
from app.workbook.writing.demo import write_demo

DEMO_EMAIL = "demo@example.com"
DEMO_FILE = "demo-receivables.xlsx"

commands = typer.Typer()


@commands.command()
def demo(
    *,
    serve: Annotated[
        bool, typer.Option("--serve", help="Start the dashboard with it, as `invoices serve` does.")
    ] = False,
) -> None:
    """Import a made-up workbook into an empty database and print an e-mail address and password to sign in with."""
    with opened() as settings:
        if serve:
            # Check before the password changes: the demo may already be running and in use.
            refuse_taken_port(settings)
        user = _demo_user()
        if not imports.newest_first(limit=1):
            firm_actions.edit(_demo_firm(settings), settings.unsaved_firm, user, clock.utc_now())
            _import_demo(settings, user)
        password = new_password()
        passwords.change(user, hash_password(password), None, clock.utc_now())
        typer.echo(f"Sign in at {settings.public_url} as {DEMO_EMAIL} with the password {password}")
    if serve:
        run_server(settings, with_worker=True)


def _demo_user() -> User:
    user = users.find_by_email(DEMO_EMAIL)
    if user:
        return user
    if imports.newest_first(limit=1) or users.all_users():
        refuse("This database is in use: the demo only fills an empty one (choose another DATA_DIR).")
    facts = UserFacts("Demo", Role.ADMIN)
    return user_actions.create(DEMO_EMAIL, facts, users.HASH_OF_NONE, None, clock.utc_now())


def _demo_firm(settings: AppSettings) -> Firm:
    return replace(
        settings.unsaved_firm,
        name="Harbor Lane Supplies",
        address="12 Harbor Lane\nPort Example, ME 04100",
        email="accounts@harbor-lane.example",
        phone="555-0142",
        bank_details="Harbor Lane Supplies\nAccount 0000 1234 5678\nRouting number 000000000, Example Bank",
    )


def _import_demo(settings: AppSettings, user: User) -> None:
    with tempfile.TemporaryDirectory(prefix="demo-") as folder:
        path = Path(folder) / DEMO_FILE
        write_demo(path, clock.today(current_firm(settings).zone))
        demo_importer = importer(settings)
        examined = demo_importer.examine(path, Choices(), lambda _: None)
        import_actions.apply_file(demo_importer, path, examined, Choices(), user, lambda _: None)
    typer.echo(f"Imported {DEMO_FILE}: {examined.preview.counts['new']} rows.")
