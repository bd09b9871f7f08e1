"""`fab audit`: the deploy log: what was done to the server, by whom and when."""

from playbooks.steps import deploy_log
from playbooks.steps.session import Session, server_task


@server_task()
def audit(found: Session) -> None:
    """Show what was done to the server."""
    lines = deploy_log.newest(found.host)
    for line in lines or ["Nothing was done yet."]:
        found.console.print(line, markup=False)
