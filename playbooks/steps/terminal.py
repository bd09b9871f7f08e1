"""A terminal on the server, by OpenSSH with the same key as `fab`."""

import os
import sys
from typing import NoReturn

from playbooks.steps import ssh_config
from provisioning.settings import HostSettings


def open_terminal(settings: HostSettings, identity: str, *command: str) -> NoReturn:
    """Run the command there, or the user's shell, in place of this process."""
    config = ssh_config.write(settings, identity)
    try:
        os.execvp("ssh", ["ssh", "-F", str(config), "-t", ssh_config.NAME, *command])  # noqa: S606  # ssh takes over the terminal
    except FileNotFoundError:
        sys.exit("OpenSSH is not here: install its client, the program `ssh`.")
