"""DNS records of the site: set at Route 53 or Lightsail, or listed to be set elsewhere."""

from collections.abc import Callable, Mapping

import pulumi
from pulumi import ComponentResource, Input, Output, Resource, ResourceOptions
from pulumi_aws import lightsail, route53

from infra.server import Server
from infra.settings import DOMAINS_REGION, InfraSettings

_SECONDS = 300
_NO_IPV6 = "AWS has given the server no IPv6 address yet, so there is no AAAA record: run `pulumi up --refresh` again."
_SERVER_ISSUER = '0 issue "letsencrypt.org"'
_CLUSTER_ISSUER = '0 issue "amazon.com"'


class DnsRecords(ComponentResource):
    """The A, AAAA and CAA records of the domain: unless all are right, no certificate is issued.

    An address of IPv6 that AWS has not given yet has no record; the next `pulumi up --refresh` makes it. `issuers` is
    what must be set before a certificate is asked for. One resource has the A record of the domain whatever it leads
    to: a second one, made while the first is deleted, would be deleted with it, as that goes by name and type.
    """

    def __init__(self, name: str, settings: InfraSettings, server: Server | None) -> None:
        super().__init__("invoices:infra:DnsRecords", name)
        self._settings = settings
        self._lines: list[Output[str]] = []
        self.issuers: list[Resource] = []
        self.issuer_lines: list[str] = []
        addresses = wanted(settings, server.address, server.ipv6_address) if server else {}
        for domain in settings.names:
            if addresses:
                self._lead_to_server(domain, addresses)
            if domain == settings.domain:  # the issuers of the domain count for the names below it as well
                self._allow_issuers()
        self.register_outputs({})

    @property
    def to_set(self) -> Output[str]:
        """Return the lines to be set by hand; ask once all were added."""
        return Output.all(*self._lines).apply(lambda texts: "\n".join(filter(None, texts)))

    def add(self, lines: Output[str]) -> None:
        self._lines.append(lines)

    def lead_to_balancer(self, host_name: Output[str], zone: Output[str]) -> None:
        """Outside Route 53 a CNAME is printed, or ALIAS for a zone itself, which can have no CNAME."""
        settings = self._settings
        domain = settings.cluster_domain
        if settings.dns != "route53":
            kind = "ALIAS" if settings.is_apex and domain == settings.domain else "CNAME"
            self.add(host_name.apply(lambda name: f"{domain}. {_SECONDS} IN {kind} {name}."))
            return
        route53.Record(
            _resource(settings, domain, "A"),
            zone_id=self._zone(),
            name=domain,
            type="A",
            aliases=[{"name": host_name, "zone_id": zone, "evaluate_target_health": False}],
            allow_overwrite=True,
            opts=ResourceOptions(parent=self),
        )

    def _zone(self) -> Output[str]:
        return route53.get_zone_output(name=self._settings.dns_zone).zone_id

    def _lead_to_server(self, domain: str, addresses: Mapping[str, Output[str]]) -> None:
        if self._settings.dns == "route53":
            _for_each(addresses, lambda kind, value: self._at_route53(domain, kind, [value]))
        elif self._settings.dns == "lightsail":
            _for_each(addresses, lambda kind, value: self._at_lightsail(domain, kind, value))
        else:
            self.add(_as_lines(domain, addresses))

    def _allow_issuers(self) -> None:
        settings = self._settings
        issuers = issuers_of(settings)
        if issuers and settings.dns == "route53":
            self.issuers.append(self._at_route53(settings.domain, "CAA", issuers))
        elif settings.dns == "external":
            self.issuer_lines = [f"{settings.domain}. {_SECONDS} IN CAA {issuer}" for issuer in issuers]
            self.add(Output.from_input("\n".join(self.issuer_lines)))
        # Lightsail has no CAA records: without one every issuer may issue, ours included.

    def _at_route53(self, domain: str, kind: str, values: list[Input[str]]) -> Resource:
        return route53.Record(
            _resource(self._settings, domain, kind),
            zone_id=self._zone(),
            name=domain,
            type=kind,
            ttl=_SECONDS,
            records=values,
            allow_overwrite=True,  # the name is this site's; preflight names what is there already
            opts=ResourceOptions(parent=self),
        )

    def _at_lightsail(self, domain: str, kind: str, value: Input[str]) -> None:
        zone = self._settings.dns_zone
        lightsail.DomainEntry(
            _resource(self._settings, domain, kind),
            domain_name=zone,
            name=domain.removesuffix(zone).removesuffix("."),
            type=kind,
            target=value,
            region=DOMAINS_REGION,
            opts=ResourceOptions(parent=self),
        )


def wanted(settings: InfraSettings, address: Output[str], ipv6_address: Output[str]) -> dict[str, Output[str]]:
    """Return the addresses by type of record."""
    return {"A": address, **({"AAAA": ipv6_address} if settings.addresses == "dualstack" else {})}


def issuers_of(settings: InfraSettings) -> list[Input[str]]:
    """Return none for a zone itself, whose CAA would forbid all its names their other issuers."""
    if settings.is_apex:
        return []
    return [
        *([_SERVER_ISSUER] if settings.has_server else []),
        *([_CLUSTER_ISSUER] if settings.has_cluster else []),
    ]


def _resource(settings: InfraSettings, domain: str, kind: str) -> str:
    beside = domain.removesuffix(settings.domain).removesuffix(".")
    return f"{beside}-{kind.lower()}" if beside else kind.lower()


def _for_each(records: Mapping[str, Output[str]], make: Callable[[str, Input[str]], object]) -> None:
    for kind, value in records.items():
        if kind == "AAAA":  # only known to be there once the machine is: a preview before does not show its record
            value.apply(lambda address: make("AAAA", address) if address else pulumi.log.warn(_NO_IPV6))
        else:
            make(kind, value)


def _as_lines(domain: str, records: Mapping[str, Output[str]]) -> Output[str]:
    return Output.all(**records).apply(
        lambda values: "\n".join(f"{domain}. {_SECONDS} IN {kind} {value}" for kind, value in values.items() if value)
    )
