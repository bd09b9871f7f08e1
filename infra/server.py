"""The server: a Lightsail instance with the operator's key, its static address and its open ports."""

from ipaddress import IPv4Network, IPv6Network, ip_network

from pulumi import ComponentResource, ResourceOptions
from pulumi_aws import lightsail

from infra.settings import InfraSettings
from infra.tags import tags_of

# Run once, as root, before the first SSH connection. It never changes, and holds no secret as the state keeps it.
_FIRST_BOOT = "mkdir -p /etc/invoices\n"
_EVERYBODY = [ip_network("0.0.0.0/0"), ip_network("::/0")]
_NOBODY = {4: "192.0.2.1/32", 6: "100::/64"}  # of RFC 5737 and RFC 6666: nobody can send from there
_SSH = 22
_PUBLIC_PORTS = ((80, "tcp"), (443, "tcp"), (443, "udp"))  # udp: HTTP/3


class Server(ComponentResource):
    """A machine with SSH from the operator's networks only, and a static address that outlives it."""

    def __init__(self, name: str, settings: InfraSettings) -> None:
        super().__init__("invoices:infra:Server", name)
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
            ip_address_type=settings.addresses,
            add_on={"type": "AutoSnapshot", "snapshot_time": settings.snapshot_time, "status": "Enabled"},
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
        self.ipv6_address = instance.ipv6_addresses.apply(lambda found: next(iter(found or ()), ""))
        self.register_outputs({"name": self.name, "address": self.address, "ipv6_address": self.ipv6_address})


def open_ports(settings: InfraSettings) -> list[lightsail.InstancePublicPortsPortInfoArgs]:
    """Give each port a network of IPv4 and one of IPv6, also for a server that has no IPv6 address yet.

    The provider leaves an empty list out, and what is left out AWS opens to everybody.
    """
    operator = [ip_network(cidr) for cidr in settings.ssh_cidrs]
    ports = [(_SSH, "tcp", operator), *((port, protocol, _EVERYBODY) for port, protocol in _PUBLIC_PORTS)]
    return [
        lightsail.InstancePublicPortsPortInfoArgs(
            from_port=port,
            to_port=port,
            protocol=protocol,
            cidrs=_of_version(4, networks),
            ipv6_cidrs=_of_version(6, networks),
            cidr_list_aliases=["lightsail-connect"] if settings.ssh_from_browser and port == _SSH else None,
        )
        for port, protocol, networks in ports
    ]


def _of_version(version: int, networks: list[IPv4Network | IPv6Network]) -> list[str]:
    return [str(network) for network in networks if network.version == version] or [_NOBODY[version]]
