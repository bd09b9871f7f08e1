"""`fab ssh`: a terminal on the server."""

import sys

from invoke.context import Context
from invoke.tasks import task

from playbooks.steps.inventory import known_hosts
from playbooks.steps.session import SERVER_HELP, STACK, identity_of, machine_settings_or_exit
from playbooks.steps.terminal import open_terminal


@task(help=SERVER_HELP | {"command": "What to run, such as 'sudo docker ps'; by default the shell of the login user."})
def ssh(context: Context, *, server: str = "", stack: str = STACK, command: str = "") -> None:
    """Open a terminal on the server, which `sudo` makes root's."""
    settings = machine_settings_or_exit(server, stack)
    if not known_hosts(settings).exists():
        sys.exit(f"{settings.host}: its key is not known yet: `fab trust` shows and keeps it.")
    open_terminal(settings, identity_of(context), *([command] if command else []))
