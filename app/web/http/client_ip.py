"""Client addresses; X-Forwarded-For is only trusted from our own proxies."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any, TypeAlias

Networks: TypeAlias = tuple[IPv4Network | IPv6Network, ...]
_WITHIN: Networks = tuple(
    map(ip_network, ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7"))
)
_FORWARDING = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST", "HTTP_FORWARDED", "HTTP_VIA")


@dataclass(frozen=True, slots=True)
class Proxies:
    """Who stands before the app; what CloudFront says of a viewer is believed only where nothing else gets to us."""

    networks: Networks = ()
    is_behind_cloudfront: bool = False

    def address_of(self, environ: Mapping[str, Any]) -> str:
        """Return the address of the client; empty if unknown."""
        if self.is_behind_cloudfront and (viewer := _viewer_of(environ, self.networks)):
            return viewer
        return address_of(environ, self.networks)


def _viewer_of(environ: Mapping[str, Any], proxies: Networks) -> str:
    """Return the address of CloudFront-Viewer-Address, which also has a port; empty if there is none."""
    viewer, _, port = environ.get("HTTP_CLOUDFRONT_VIEWER_ADDRESS", "").rpartition(":")
    try:
        address = str(ip_address(viewer.strip("[]")))
        return address if port.isdecimal() and is_within(environ.get("REMOTE_ADDR", ""), proxies) else ""
    except ValueError:
        return ""


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


def is_from_within(environ: Mapping[str, Any]) -> bool:
    """Return whether somebody asks at our own address, from a private one: no proxy passed it on."""
    if any(name in environ for name in _FORWARDING):
        return False
    try:
        address = ip_address(environ.get("REMOTE_ADDR", ""))
    except ValueError:
        return False
    return is_within(str(getattr(address, "ipv4_mapped", None) or address), _WITHIN)


def is_within(address: str, networks: Networks) -> bool:
    return any(ip_address(address) in network for network in networks)
