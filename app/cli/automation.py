"""Commands about automation: automation enable, disable."""

from pathlib import Path
from typing import Annotated

import typer

from app import clock
from app.actions.automation import api_access as actions
from app.actions.automation.api_access import AutomationRefusedError
from app.cli.opening import opened, refuse
from app.domain.sentences import agreeing, counted, plain

automation = typer.Typer(help="Let n8n use the API, or no longer.", no_args_is_help=True)


@automation.command()
def enable(
    *,
    token_hash_file: Annotated[
        Path, typer.Option(envvar="AUTOMATION_TOKEN_HASH_FILE", help="The file with the SHA-256 of n8n's token.")
    ] = Path("/run/secrets/automation_token_hash"),
) -> None:
    """Make the user Automation and the token of n8n, where they are missing."""
    try:
        token_hash = token_hash_file.read_text(encoding="ascii").strip()
    except OSError as error:
        refuse(f"{token_hash_file} cannot be read ({error.strerror}): `invoices secrets` makes it.", error)
    with opened():
        try:
            enabled = actions.enable(token_hash, clock.utc_now())
        except AutomationRefusedError as error:
            refuse(str(error), error)
    typer.echo("n8n may use the API with its token." if enabled.made_token else "n8n may use the API already.")


@automation.command()
def disable() -> None:
    """Revoke the token of n8n; the user Automation stays, for the history."""
    with opened():
        revoked = actions.disable(clock.utc_now())
    typer.echo(
        plain(f"{counted(revoked, 'token', 'tokens')} of n8n no longer {agreeing(revoked, 'counts', 'count')}.")
        if revoked
        else "No token counted."
    )
