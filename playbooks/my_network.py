"""`fab my-network`: the networks to name in `sshCidrs`."""

import sys

from invoke.tasks import task
from rich.console import Console

from playbooks.steps.own_networks import SERVICES, own_networks


@task
def my_network(_context: object) -> None:
    """Ask icanhazip.com for the public addresses of this machine, for sshCidrs."""
    found = own_networks()
    if not found:
        sys.exit(f"Neither {' nor '.join(SERVICES)} answers: ask your network provider for its public address.")
    Console(highlight=False).print("\n".join(found))
