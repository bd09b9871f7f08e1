"""DNS records of the server: set at Route 53 or Lightsail, or listed to be set elsewhere."""

from collections.abc import Mapping

from pulumi import ComponentResource, Output, ResourceOptions
from pulumi_aws import lightsail, route53

from infra.settings import DOMAINS_REGION, InfraSettings

_SECONDS = 300
_ISSUER = '0 issue "letsencrypt.org"'


class DnsRecords(ComponentResource):
    """The A, AAAA and CAA records of the domain: unless all are right, no certificate is issued."""

    def __init__(self, name: str, settings: InfraSettings, address: Output[str], ipv6_address: Output[str]) -> None:
        super().__init__("invoices:infra:DnsRecords", name)
        records = wanted(settings, address, ipv6_address)
        if settings.dns == "route53":
            self._at_route53(settings, records)
        elif settings.dns == "lightsail":
            self._at_lightsail(settings, records)
        self.to_set = Output.from_input("") if settings.dns != "external" else _as_lines(settings.domain, records)
        self.register_outputs({"to_set": self.to_set})

    def _at_route53(self, settings: InfraSettings, records: Mapping[str, Output[str]]) -> None:
        zone = route53.get_zone_output(name=settings.dns_zone)
        for kind, value in records.items():
            route53.Record(
                kind.lower(),
                zone_id=zone.zone_id,
                name=settings.domain,
                type=kind,
                ttl=_SECONDS,
                records=[value],
                opts=ResourceOptions(parent=self),
            )

    def _at_lightsail(self, settings: InfraSettings, records: Mapping[str, Output[str]]) -> None:
        for kind, value in records.items():
            # Lightsail has no CAA records: without one every issuer may issue, Let's Encrypt included.
            if kind != "CAA":
                lightsail.DomainEntry(
                    kind.lower(),
                    domain_name=settings.dns_zone,
                    name=settings.domain.removesuffix(settings.dns_zone).removesuffix("."),
                    type=kind,
                    target=value,
                    region=DOMAINS_REGION,
                    opts=ResourceOptions(parent=self),
                )


def wanted(settings: InfraSettings, address: Output[str], ipv6_address: Output[str]) -> dict[str, Output[str]]:
    """Return the values by type of record."""
    ipv6 = {"AAAA": ipv6_address} if settings.addresses == "dualstack" else {}
    return {"A": address, **ipv6, "CAA": Output.from_input(_ISSUER)}


def _as_lines(domain: str, records: Mapping[str, Output[str]]) -> Output[str]:
    lines = [Output.concat(f"{domain}. {_SECONDS} IN {kind} ", value) for kind, value in records.items()]
    return Output.all(*lines).apply("\n".join)
