"""`fab console`: a terminal in the app's container."""

import os

from invoke.context import Context
from invoke.tasks import task

from playbooks.steps.session import SERVER_HELP, STACK, RefusedError, identity_of, session
from playbooks.steps.ssh_config import ssh_command
from playbooks.steps.stack import containers


@task(
    help=SERVER_HELP | {"command": "What to run, such as 'invoices users'; by default a shell in the app's container."}
)
def console(context: Context, *, command: str = "sh", server: str = "", stack: str = STACK) -> None:
    """Open a terminal in the app's container."""
    with session(context, server, stack) as found:
        running = [one for one in containers(found.host, "app") if one.state == "running"]
        if not running:
            raise RefusedError(f"{found.host.name}: the app does not run; `fab status` says more.")
        identity = identity_of(context)
        ssh = ssh_command(found.settings, identity, "-t", f"sudo docker exec -it {running[0].id} {command}")
    os.execvp(ssh[0], ssh)  # noqa: S606  # ssh replaces this process and takes over the terminal
