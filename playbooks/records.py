"""`fab records`: whether the domain leads to the server, as the public sees it."""

import sys
import time
from collections.abc import Callable

from invoke.context import Context
from invoke.tasks import task
from rich.console import Console

from playbooks.steps.public_records import is_not_public, missing
from playbooks.steps.session import SERVER_HELP, STACK, RefusedError, machine_settings_or_exit
from provisioning.settings import HostSettings

_PAUSE_SECONDS = 10


@task(help=SERVER_HELP | {"wait": "Ask again until they are all there."})
def records(_context: Context, *, server: str = "", stack: str = STACK, wait: bool = False) -> None:
    """Ask public DNS for the records of the domain, and say which are to be set."""
    console = Console(highlight=False, soft_wrap=True)
    settings = machine_settings_or_exit(server, stack)
    if is_not_public(settings.host):
        console.print(f"{settings.host} is no public address: where {settings.domain} has to lead is not known.")
        return
    try:
        if wait:
            wait_for_records(settings, console)
        elif lines := missing(settings):
            sys.exit("\n".join(["Set these records where the domain is kept:", *lines]))
    except RefusedError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("Broken off.")
    console.print(f"{settings.domain} leads to {settings.host}, and Let's Encrypt may issue its certificate.")


def wait_for_records(settings: HostSettings, console: Console, *, pause: Callable[[float], None] = time.sleep) -> None:
    """Return once they are all there; print them, and again what is left whenever that changes."""
    shown: list[str] = []
    with console.status("Waiting for the records …"):
        while lines := missing(settings):
            if lines != shown:
                console.print("Set these records where the domain is kept; asked for again every ten seconds:")
                console.print("\n".join(f"  {line}" for line in lines), markup=False)
                shown = lines
            pause(_PAUSE_SECONDS)
