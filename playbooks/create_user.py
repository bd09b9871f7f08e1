"""`fab create-user`: let somebody sign in."""

from invoke.context import Context
from invoke.tasks import task

from playbooks.steps.in_app import in_app
from playbooks.steps.session import SERVER_HELP, STACK, session


@task(
    help=SERVER_HELP
    | {"email": "What the user signs in with.", "role": "admin, accountant or viewer.", "name": "The user's name."}
)
def create_user(
    context: Context, *, email: str, role: str = "viewer", name: str = "", server: str = "", stack: str = STACK
) -> None:
    """Let somebody sign in, and print a one-time password."""
    with session(context, server, stack) as found:
        words = ["create-user", "--email", email, "--role", role, *(["--name", name] if name else [])]
        found.console.print(in_app(found.host, *words).out.strip(), markup=False)
