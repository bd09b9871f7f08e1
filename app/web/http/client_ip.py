"""Client addresses; X-Forwarded-For is only trusted from our own proxies."""

from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any, TypeAlias

Networks: TypeAlias = tuple[IPv4Network | IPv6Network, ...]


def address_of(environ: Mapping[str, Any], proxies: Networks) -> str:
    """Return the last hop that is not one of our proxies; empty if unknown."""
    hops = [*environ.get("HTTP_X_FORWARDED_FOR", "").split(","), environ.get("REMOTE_ADDR", "")]
    nearest = ""
    for hop in reversed([hop.strip() for hop in hops if hop.strip()]):
        try:
            address = ip_address(hop)
        except ValueError:
            break
        nearest = str(getattr(address, "ipv4_mapped", None) or address)
        if not is_within(nearest, proxies):
            break
    return nearest


def is_within(address: str, networks: Networks) -> bool:
    return any(ip_address(address) in network for network in networks)
