"""Commands about API tokens: create-token."""

from datetime import timedelta
from typing import Annotated

import typer

from app import clock
from app.actions import api_tokens as token_actions
from app.cli.opening import existing_user, opened, refuse
from app.domain.permissions import TokenRight
from app.store.access.api_tokens import TokenFacts

commands = typer.Typer()


@commands.command("create-token")
def create_token(
    *,
    email: Annotated[str, typer.Option(help="In whose name the program asks.")],
    name: Annotated[str, typer.Option(help="The program that will use it.")],
    rights: Annotated[list[TokenRight], typer.Option(help="What it may do, as far as the user may; once for each.")],
    days: Annotated[int, typer.Option(min=1, max=730, help="For how many days it is good.")] = 90,
) -> None:
    """Create an API token that acts for a user, and print it once."""
    now = clock.utc_now()
    with opened():
        user = existing_user(email)
        facts = TokenFacts(name, frozenset(rights), now + timedelta(days=days))
        try:
            token = token_actions.create(facts, user, now)
        except token_actions.FeedTokenError as refused:
            refuse(str(refused), refused)
    typer.echo(f"The token, shown only now: {token}")
