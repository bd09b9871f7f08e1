"""`fab audit`: the deploy log: what was done to the server, by whom and when."""

from invoke.context import Context
from invoke.tasks import task

from playbooks.steps import deploy_log
from playbooks.steps.session import SERVER_HELP, STACK, session


@task(help=SERVER_HELP)
def audit(context: Context, *, server: str = "", stack: str = STACK) -> None:
    """Show what was done to the server."""
    with session(context, server, stack) as found:
        lines = deploy_log.newest(found.host)
        for line in lines or ["Nothing was done yet."]:
            found.console.print(line, markup=False)
