"""Audit commands: audit verify."""

import json
from typing import Annotated

import typer

from app.cli.opening import opened, refuse
from app.store.access import audit_chain

commands = typer.Typer()
audit = typer.Typer(help="The record of what was done.", no_args_is_help=True)


@audit.callback()
def about() -> None:
    """Keep `verify` a command below `audit`, though it is the only one."""


@audit.command()
def verify(
    *,
    head: Annotated[
        str, typer.Option(metavar="HASH", help="A seal that was noted before: tell whether it still is part of it.")
    ] = audit_chain.BEGINNING,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a sentence.")] = False,
) -> None:
    """Verify the audit trail's hash chain and print its last hash, which you can note elsewhere for a later check."""
    with opened():
        found = audit_chain.verify(head.strip().lower())
    problem = _problem(found)
    if as_json:
        broken = {"entry": found.broken.entry_id, "reason": found.broken.reason} if found.broken else None
        result = {"holds": not problem, "entries": found.entries, "head": found.head, "broken": broken}
        typer.echo(json.dumps({**result, "has_noted_head": found.has_noted_head}, indent=2))
    elif not problem:
        typer.echo(f"All {found.entries:,} entries are as they were written. The seal of the last:\n{found.head}")
    if problem:
        refuse(problem)


def _problem(found: audit_chain.Verified) -> str:
    """Return what is wrong, "" if the chain is intact."""
    if found.broken:
        return f"Entry {found.broken.entry_id} breaks the record: {found.broken.reason}."
    if not found.has_noted_head:
        return "The seal that was noted is no part of the record: its end was cut off, or all of it was written again."
    return ""
