"""`fab my-network`: the networks of this machine, as the settings name them."""

import sys
import urllib.request
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from invoke.context import Context
from invoke.tasks import task
from rich.console import Console

from playbooks.steps.authorities import trusted

_SERVICES = ("https://ipv4.icanhazip.com", "https://ipv6.icanhazip.com")
_SECONDS = 10
_LONGEST_ANSWER = 100
# Within such a network a machine changes its IPv6 address every day.
_IPV6_NETWORK = 64


@task
def my_network(_context: Context) -> None:
    """Print the networks that this machine is seen in, for `sshCidrs`; asks icanhazip.com."""
    console = Console(highlight=False, soft_wrap=True, markup=False)
    found = [network for service in _SERVICES if (network := seen_by(service))]
    if not found:
        sys.exit("No service said which address this machine has: is it online? Your provider's router shows it too.")
    console.print("config:\n  invoices:sshCidrs:")
    for network in found:
        console.print(f"    - {network}")
    console.print(
        "Put these lines into the stack's Pulumi.STACK.yaml, then `pulumi up`: that works from anywhere, and nothing "
        "is to be done on the server. For a server that Pulumi did not rent they are its ssh_cidrs: add them and run "
        "`fab provision` while you are still in a network that was in the list."
    )


def seen_by(service: str) -> IPv4Network | IPv6Network | None:
    """Return none if this machine does not reach the service, or has no address of that kind."""
    try:
        with urllib.request.urlopen(service, timeout=_SECONDS, context=trusted()) as answer:  # noqa: S310  # https, see above
            return _network(ip_address(answer.read(_LONGEST_ANSWER).decode("ascii").strip()))
    except (OSError, ValueError):
        return None


def _network(address: IPv4Address | IPv6Address) -> IPv4Network | IPv6Network:
    return ip_network((address, 32 if address.version == 4 else _IPV6_NETWORK), strict=False)
