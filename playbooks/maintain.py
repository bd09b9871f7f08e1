"""`fab maintain`: the chores of a day, a week or a month, done now and shown as a table."""

import json
import sys

from rich.box import SIMPLE_HEAD
from rich.table import Table

from playbooks.steps.session import RefusedError, Session, server_task

_PERIODS = ("daily", "weekly", "monthly")
_SCRIPT = "/usr/local/lib/invoices/maintain.py"
_SECONDS = 1_800


@server_task(
    period="daily, weekly or monthly.",
    mail="Mail the report to the admins as well, as the timer does.",
    dry_run="Say what would be done, and do nothing.",
)
def maintain(found: Session, period: str, *, mail: bool = False, dry_run: bool = False) -> None:  # noqa: ARG001  # the session has it
    """Do the chores of a day, a week or a month, and show what was found."""
    if period not in _PERIODS:
        raise RefusedError(f"There are no chores called '{period}': say daily, weekly or monthly.")
    if found.host.is_rehearsal:
        found.console.print(f"The {period} chores would be done; the timer does them by itself.")
        return
    if not found.host.run("test", "-e", _SCRIPT, check=False).ok:
        raise RefusedError(f"{found.host.name}: its chores are not there yet: run `fab provision` first.")
    words = ("python3", "-B", _SCRIPT, period, *(["--mail"] if mail else []))
    # Without the lock of deploys: pruning images, one of the chores, passes over while somebody holds it.
    with found.steps.step(f"Do the {period} chores"):
        report = json.loads(found.host.act(*words, seconds=_SECONDS).out)
    table = Table("Chore", "", "What was done or seen", box=SIMPLE_HEAD)
    for chore in report["chores"]:
        table.add_row(chore["what"], "[green]✓[/]" if chore["is_well"] else "[red]✗[/]", _plain(chore["says"]))
    found.console.print(table)
    if "mailed" in report:
        found.console.print(f"Mailed: {report['mailed']}.", markup=False)
    if not report["ok"]:
        sys.exit("Something needs attention: see the lines that are marked.")


def _plain(text: str) -> str:
    return text.replace("[", "\\[")
