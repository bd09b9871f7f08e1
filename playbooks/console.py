"""`fab console`: a terminal in the app's container."""

from playbooks.steps.session import Session, server_task
from playbooks.steps.stack import serving
from playbooks.steps.terminal import open_terminal


@server_task(command="What to run, such as 'invoices users'; by default a shell in the app's container.")
def console(found: Session, *, command: str = "sh") -> None:
    """Open a terminal in the app's container."""
    apps = serving(found.host, "app")
    open_terminal(found.settings, found.identity, f"sudo docker exec -it {apps[0].id} {command}")
