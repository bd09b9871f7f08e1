"""`fab console`: a terminal in the app's container."""

import os

from playbooks.steps import ssh_config
from playbooks.steps.session import Session, server_task
from playbooks.steps.stack import serving


@server_task(command="What to run, such as 'invoices users'; by default a shell in the app's container.")
def console(found: Session, *, command: str = "sh") -> None:
    """Open a terminal in the app's container."""
    apps = serving(found.host, "app")
    config = ssh_config.write(found.settings, found.identity)
    ssh = ["ssh", "-F", str(config), "-t", ssh_config.NAME, f"sudo docker exec -it {apps[0].id} {command}"]
    os.execvp(ssh[0], ssh)  # noqa: S606  # ssh replaces this process and takes over the terminal
