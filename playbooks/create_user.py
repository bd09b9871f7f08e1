"""`fab create-user`: create a user of the app."""

from playbooks.shapes.shape import Shape
from playbooks.shapes.tasks import shape_task
from playbooks.steps.session import Session
from playbooks.steps.stack import serving
from playbooks.steps.switching import routed_to


@shape_task(
    Shape.create_user,
    email="What the user signs in with.",
    role="admin, accountant or viewer.",
    name="The user's name.",
    dry_run="Only say who.",
)
def create_user(found: Session, *, email: str, role: str = "viewer", name: str = "", dry_run: bool = False) -> None:
    """Create a user, and print a one-time password."""
    if dry_run:
        found.steps.note(f"{email} would sign in as {role}, with a password that would be printed.")
        return
    arguments = ["create-user", "--email", email, "--role", role, *(["--name", name] if name else [])]
    routed = routed_to(found.host)
    # First the container that serves, where several run.
    apps = sorted(serving(found.host, "app"), key=lambda one: one.name != routed)
    created = found.host.act("docker", "exec", "--interactive", apps[0].id, "invoices", *arguments)
    found.console.print(created.out.strip(), markup=False)
