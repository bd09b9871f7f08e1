"""`fab costs`: the monthly cost of the stack, by item."""

from invoke.context import Context
from invoke.tasks import task
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from playbooks.steps.session import SERVER_HELP, STACK, settings_or_exit


@task(help=SERVER_HELP)
def costs(_context: Context, *, server: str = "", stack: str = STACK) -> None:
    """Show the monthly cost by item, from the stack's outputs."""
    settings = settings_or_exit(server, stack)
    table = Table("Item", "Dollars a month", box=SIMPLE_HEAD)
    for item, dollars in settings.monthly_cost.items():
        table.add_row(item, dollars)
    Console().print(table)
