"""Commands about users: create-user, users, reset-password, reset-link, reset-second-factor."""

import json
import sys
from typing import Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

from app import clock
from app.actions import passwords, second_factors
from app.actions import users as user_actions
from app.actions.users import UserFacts
from app.cli.opening import existing_user, opened, refuse
from app.cli.printing import CONSOLE
from app.domain.permissions import Role
from app.domain.sentences import counted, plain
from app.settings import AppSettings
from app.store.access import passkeys
from app.store.access import users as store
from app.store.access.one_time_links import Purpose
from app.store.access.users import User
from app.web.auth.passwords import hash_password, new_password
from app.web.auth.remaining_tokens import those_that_count

commands = typer.Typer()

_FROM_STDIN = typer.Option("--password-stdin", help="Read the password from standard input.")


@commands.command("create-user")
def create_user(
    *,
    email: Annotated[str, typer.Option(help="What the user signs in with.")],
    role: Annotated[Role, typer.Option(help="What the user may do.")],
    name: Annotated[str, typer.Option(help="The user's name.")] = "",
    password_stdin: Annotated[bool, _FROM_STDIN] = False,
) -> None:
    """Add a user; without --password-stdin, generate a password and print it once.

    Users who sign in by a provider only get no password.
    """
    if "@" not in email.strip("@"):
        refuse(f"'{email}' is not an e-mail address.")
    with opened() as settings:
        by_provider = role in settings.roles_by_provider
        password_hash, generated = (
            (store.HASH_OF_NONE, "") if by_provider else _password(email, name, from_stdin=password_stdin)
        )
        user = user_actions.create(email, UserFacts(name, role), password_hash, None, clock.utc_now())
    way = f" by {settings.oidc_name}" if by_provider else ""
    typer.echo(f"{user.email} can sign in{way} as {user.role}.")
    if generated:
        typer.echo(f"The password, shown only now: {generated}")


@commands.command()
def users(*, as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False) -> None:
    """List all users and whether they may sign in."""
    with opened():
        all_users = store.all_users()
    if as_json:
        typer.echo(json.dumps([_as_json(user) for user in all_users], indent=2))
        return
    if not all_users:
        typer.echo("There are no users yet: add one with `invoices create-user --email … --role admin`.")
        return
    table = Table("E-mail", "Name", "Role", "May sign in", box=SIMPLE_HEAD)
    for user in all_users:
        table.add_row(user.email, user.name, user.role, "yes" if user.active else "no")
    CONSOLE.print(table)


@commands.command("reset-password")
def reset_password(
    *, email: Annotated[str, typer.Option(help="Whose password.")], password_stdin: Annotated[bool, _FROM_STDIN] = False
) -> None:
    """Set a new password for a user, sign the user out everywhere and revoke the user's tokens."""
    with opened() as settings:
        user = existing_user(email)
        _check_has_password(user, settings)
        password_hash, generated = _password(user.email, user.name, from_stdin=password_stdin)
        ended_tokens = passwords.reset(user, password_hash, clock.utc_now())
        left = len(passkeys.of_user(user.id))
    typer.echo(f"{user.email} has a new password and is signed out everywhere.")
    if ended_tokens:
        ended = counted(
            ended_tokens,
            "token that a program used no longer counts: make a new one",
            "tokens that programs used no longer count: make new ones",
        )
        typer.echo(f"{plain(ended)} with `invoices create-token`.")
    if left:
        still = counted(
            left, "passkey still signs the user in: remove it", "passkeys still sign the user in: remove them"
        )
        typer.echo(f"{plain(still)} with `invoices reset-second-factor`.")
    if generated:
        typer.echo(f"The password, shown only now: {generated}")


@commands.command("reset-link")
def reset_link(*, email: Annotated[str, typer.Option(help="Whose password.")]) -> None:
    """Print a link with which a user can choose a new password, once and within half an hour."""
    with opened() as settings:
        user = existing_user(email)
        _check_has_password(user, settings)
        token = passwords.make_link(user.id, Purpose.RESET, None, clock.utc_now())
    typer.echo(f"{settings.public_url}/set-password?token={token}")


@commands.command("reset-second-factor")
def reset_second_factor(*, email: Annotated[str, typer.Option(help="The user's e-mail address.")]) -> None:
    """Remove the second factor and the passkeys of a user who has lost them, and sign the user out everywhere."""
    with opened():
        user = existing_user(email)
        second_factors.reset(user.id, None, clock.utc_now())
        still = those_that_count(user.id, clock.utc_now(), "`invoices reset-password` revokes tokens as well.")
    typer.echo(f"{user.email} has no second factor and no passkeys any more, and is signed out everywhere.")
    if still:
        typer.echo(plain(still))


def _check_has_password(user: User, settings: AppSettings) -> None:
    if user.role in settings.roles_by_provider:
        refuse(
            f"OIDC_ONLY names the role {user.role}: "
            f"{user.email} signs in by {settings.oidc_name} and needs no password."
        )


def _as_json(user: User) -> dict[str, object]:
    return {"email": user.email, "name": user.name, "role": user.role, "active": user.active}


def _password(*known_of_the_user: str, from_stdin: bool) -> tuple[str, str]:
    """Return the hash, and the generated password to be shown, "" if it was read from standard input."""
    generated = "" if from_stdin else new_password()
    try:
        return hash_password(generated or sys.stdin.readline().rstrip("\n"), *known_of_the_user), generated
    except ValueError as error:
        refuse(str(error), error)
