"""`fab console`: a terminal in the app's container."""

import os

from invoke.context import Context

from playbooks.steps import ssh_config
from playbooks.steps.session import STACK, identity_of, server_task, session
from playbooks.steps.stack import serving


@server_task(command="What to run, such as 'invoices users'; by default a shell in the app's container.")
def console(context: Context, *, command: str = "sh", server: str = "", stack: str = STACK) -> None:
    """Open a terminal in the app's container."""
    with session(context, server, stack) as found:
        apps = serving(found.host, "app")
        config = ssh_config.write(found.settings, identity_of(context))
        ssh = ["ssh", "-F", str(config), "-t", ssh_config.NAME, f"sudo docker exec -it {apps[0].id} {command}"]
    os.execvp(ssh[0], ssh)  # noqa: S606  # ssh replaces this process and takes over the terminal
