"""The firewall of host and containers: SSH from the operator's networks, HTTP and HTTPS from all, nothing else.

Of the internet containers reach what each needs, and nothing at a private address but their own mail server and bucket.

A server that Pulumi rented is behind Lightsail's firewall, which filters by the operator's networks; this one then
accepts SSH from everywhere. So an operator whose network changed needs only `pulumi up`, and no access to the server.
"""

from collections.abc import Callable, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network
from urllib.parse import urlsplit

from provisioning.change import Change
from provisioning.ensure import packages, unit, unit_file
from provisioning.host import Host, HostError
from provisioning.rootfs_files import filled
from provisioning.safe_replace import replace_safely
from provisioning.settings import HostSettings, address_and_port

_RULES = "/etc/invoices/firewall.nft"
_UNIT = "invoices-firewall.service"
_HTTPS = 443
MAIL_PORTS = (25, 465, 587)
AUTOMATION_PORTS = (22, 443, 465, 587, 993)
_EVERYWHERE = ("0.0.0.0/0", "::/0")


def ensure(host: Host, settings: HostSettings, can_still_connect: Callable[[], bool]) -> list[Change]:
    """Apply the rules now, and at each boot before the network is up."""
    installed = packages(host, ["nftables"], what="package of the firewall")
    service = unit_file(host, _UNIT)
    rules = replace_safely(
        host,
        _RULES,
        _rules(settings),
        valid=("nft", "--check", "--file", "{}"),
        check=lambda: None,
        apply=f"systemctl reload-or-restart {_UNIT}",
        without=f"systemctl stop {_UNIT}",
        can_still_connect=can_still_connect,
    )
    # Applying new rules started the unit already, so enabling it is no change of its own.
    return [installed, service, rules, unit(host, _UNIT, is_new=rules.changed), _in_force(host, rules)]


def _ssh_networks(settings: HostSettings) -> Sequence[str]:
    """Raise HostError if there are no networks from which this firewall accepts SSH."""
    if settings.region:  # Pulumi rented it: it is behind Lightsail's firewall
        return _EVERYWHERE
    if not settings.ssh_cidrs:
        raise HostError("The settings name no network that SSH is answered to (ssh_cidrs): that would lock you out.")
    return settings.ssh_cidrs


def _bucket_port(settings: HostSettings) -> int:
    return urlsplit(f"//{settings.backup_endpoint}").port or _HTTPS


def _own_mail_server(settings: HostSettings) -> str:
    if not settings.mail_server:
        return "# no mail server of the owner's"
    address, port = address_and_port(settings.mail_server)
    family = "ip" if address.version == 4 else "ip6"
    return f'iifname {{ "invoices-mail", "invoices-n8n" }} {family} daddr {address} tcp dport {port} accept'


def _rules(settings: HostSettings) -> str:
    networks = [ip_network(cidr) for cidr in _ssh_networks(settings)]
    return filled(
        _RULES,
        bucket_port=str(_bucket_port(settings)),
        automation_ports=", ".join(map(str, AUTOMATION_PORTS)),
        mail_ports=", ".join(map(str, MAIL_PORTS)),
        own_mail_server=_own_mail_server(settings),
        ssh_ipv4=_elements([network for network in networks if isinstance(network, IPv4Network)]),
        ssh_ipv6=_elements([network for network in networks if isinstance(network, IPv6Network)]),
    )


def _elements(networks: Sequence[IPv4Network | IPv6Network]) -> str:
    return f"elements = {{ {', '.join(map(str, networks))} }}" if networks else "# none"


def _in_force(host: Host, rules: Change) -> Change:
    """Restart the unit if the kernel has no rules of ours: they may have been flushed by hand."""
    if rules.changed or host.run("nft", "list", "table", "inet", "invoices", check=False).ok:
        return Change("firewall in force")
    host.act("systemctl", "restart", _UNIT)
    return Change("firewall in force", changed=True, diff="somebody had removed its rules")
