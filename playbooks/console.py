"""`fab console`: a terminal in the app's container."""

from playbooks.shapes.shape import Shape
from playbooks.shapes.tasks import shape_task
from playbooks.steps.session import Session
from playbooks.steps.stack import serving
from playbooks.steps.terminal import open_terminal


@shape_task(Shape.console, command="What to run, such as 'invoices users'; by default a shell in the app's container.")
def console(found: Session, *, command: str = "sh") -> None:
    """Open a terminal in the app's container."""
    apps = serving(found.host, "app")
    open_terminal(found.settings, found.identity, f"sudo docker exec -it {apps[0].id} {command}")
