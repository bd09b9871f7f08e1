"""`fab verify` on a cluster: every control in a table, and whether what is rented is what the program describes."""

import subprocess
import sys

from rich.box import SIMPLE_HEAD
from rich.table import Table

from playbooks.cluster.controls import CONTROLS
from playbooks.steps import operator_files
from playbooks.steps.inventory import ROOT
from playbooks.steps.session import ClusterSession

_SECONDS = 600


def verify(found: ClusterSession, only: str) -> None:
    """Exit with 1 if a control is not kept; a difference to the program is a note only."""
    named = {control.__name__.replace("_", " "): control for control in CONTROLS}
    chosen = {name: control for name, control in named.items() if only in name}
    if not chosen:
        sys.exit(f"No control's name holds '{only}'.")
    with found.steps.step("Look at every control"):
        seen = {name: control(found) for name, control in chosen.items()}
    table = Table("Control", "", "What was seen", box=SIMPLE_HEAD)
    for name, problem in seen.items():
        table.add_row(name, "[red]✗[/]" if problem else "[green]✓[/]", problem[:100])
    found.console.print(table)
    if not only:
        found.steps.note(_drift(found.stack))
    if failed := sum(map(bool, seen.values())):
        sys.exit(f"{failed} of {len(seen)} controls are not kept.")
    found.steps.recap("Every control is kept.")


def _drift(stack: str) -> str:
    command = ["pulumi", "preview", "--refresh", "--expect-no-changes", "--non-interactive", "--stack", stack]
    try:
        done = subprocess.run(
            command, cwd=ROOT, env=operator_files.environment(stack), capture_output=True, text=True,
            timeout=_SECONDS, check=False,
        )  # fmt: skip
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return "Whether what is rented is what the program describes was not looked at: Pulumi is not here or too slow."
    if done.returncode:
        return "What is rented differs from what the program describes: `pulumi preview --refresh --diff` shows how."
    return "What is rented is what the program describes."
