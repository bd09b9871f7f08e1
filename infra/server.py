"""The server: a Lightsail instance with the operator's key, its static address and its open ports."""

from collections.abc import Sequence
from ipaddress import IPv6Network, ip_network

import pulumi
from pulumi import ComponentResource, Output, ResourceOptions
from pulumi_aws import lightsail

from infra.settings import Addresses, InfraSettings
from infra.tags import tags_of

# Run once, as root, before the first SSH connection. It never changes, and holds no secret as the state keeps it.
_FIRST_BOOT = "mkdir -p /etc/invoices\n"
_EVERYBODY_IPV4, _EVERYBODY_IPV6 = "0.0.0.0/0", "::/0"
_PUBLIC_PORTS = ((80, "tcp"), (443, "tcp"), (443, "udp"))  # udp: HTTP/3


class Server(ComponentResource):
    """A machine with SSH from the operator's networks only, and a static address that outlives it."""

    address: Output[str]
    ipv6_addresses: Output[Sequence[str]]
    name: Output[str]

    def __init__(self, name: str, settings: InfraSettings, opts: ResourceOptions | None = None) -> None:
        super().__init__("invoices:infra:Server", name, None, opts)
        key = lightsail.KeyPair(
            "operator",
            name=f"{settings.server_name}-operator",
            public_key=settings.ssh_public_key,
            tags=tags_of(settings.server_name),
            opts=ResourceOptions(parent=self),
        )
        instance = lightsail.Instance(
            "server",
            name=settings.instance_name,
            availability_zone=settings.availability_zone,
            blueprint_id=settings.blueprint,
            bundle_id=settings.bundle,
            key_pair_name=key.name,
            ip_address_type=settings.addresses.value,
            add_on=lightsail.InstanceAddOnArgs(
                type="AutoSnapshot", snapshot_time=settings.snapshot_time, status="Enabled"
            ),
            user_data=_FIRST_BOOT,
            tags=tags_of(settings.server_name),
            # A change of these would replace the machine and delete its snapshots: only ever do that on purpose.
            opts=ResourceOptions(
                parent=self, protect=True, ignore_changes=["user_data", "blueprint_id", "key_pair_name"]
            ),
        )
        address = lightsail.StaticIp(
            "address", name=f"{settings.server_name}-address", opts=ResourceOptions(parent=self, protect=True)
        )
        # Its deletion detaches the address by name, from whatever it is attached to by then: never create first.
        attachment = lightsail.StaticIpAttachment(
            "attachment",
            static_ip_name=address.name,
            instance_name=instance.name,
            opts=ResourceOptions(
                parent=self, delete_before_replace=True, replace_with=[instance], deleted_with=instance
            ),
        )
        # Ports are set as a whole, and deletion closes each: created first, the new set would be closed with the old.
        lightsail.InstancePublicPorts(
            "ports",
            instance_name=instance.name,
            port_infos=open_ports(settings),
            opts=ResourceOptions(
                parent=self, delete_before_replace=True, replace_with=[instance], depends_on=[attachment]
            ),
        )
        self.name = instance.name
        self.address = address.ip_address
        self.ipv6_addresses = instance.ipv6_addresses
        self.register_outputs({"name": self.name, "address": self.address, "ipv6_addresses": self.ipv6_addresses})


def open_ports(settings: InfraSettings) -> list[lightsail.InstancePublicPortsPortInfoArgs]:
    """Give each port IPv4 and IPv6 networks: AWS opens a port to everybody if they are omitted."""
    has_ipv6 = settings.addresses is Addresses.DUALSTACK
    networks = [ip_network(cidr) for cidr in settings.ssh_cidrs]
    ssh = _port(
        22,
        "tcp",
        [str(network) for network in networks if not isinstance(network, IPv6Network)],
        [str(network) for network in networks if isinstance(network, IPv6Network) and has_ipv6],
    )
    world = [
        _port(port, protocol, [_EVERYBODY_IPV4], [_EVERYBODY_IPV6] if has_ipv6 else [])
        for port, protocol in _PUBLIC_PORTS
    ]
    return [ssh, *world]


def _port(
    port: int, protocol: str, cidrs: list[str], ipv6_cidrs: list[str]
) -> lightsail.InstancePublicPortsPortInfoArgs:
    return lightsail.InstancePublicPortsPortInfoArgs(
        from_port=port, to_port=port, protocol=protocol, cidrs=cidrs, ipv6_cidrs=ipv6_cidrs
    )


def first_ipv6(addresses: Output[Sequence[str]]) -> Output[str]:
    return pulumi.Output.all(addresses).apply(lambda found: next(iter(found[0] or ()), ""))
