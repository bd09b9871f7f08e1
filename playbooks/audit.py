"""`fab audit`: the deploy log: what was done to the server, by whom and when."""

from invoke.context import Context

from playbooks.steps import deploy_log
from playbooks.steps.session import STACK, server_task, session


@server_task()
def audit(context: Context, *, server: str = "", stack: str = STACK) -> None:
    """Show what was done to the server."""
    with session(context, server, stack) as found:
        lines = deploy_log.newest(found.host)
        for line in lines or ["Nothing was done yet."]:
            found.console.print(line, markup=False)
