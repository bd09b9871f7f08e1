"""DNS records of the server: set at Route 53 or Lightsail, or listed to be set elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass

from pulumi import ComponentResource, Output, ResourceOptions
from pulumi_aws import lightsail, route53

from infra.settings import Addresses, Dns, InfraSettings

_SECONDS = 300
_ISSUER = '0 issue "letsencrypt.org"'
_DOMAINS_REGION = "us-east-1"  # the only region whose Lightsail API has domains


@dataclass(frozen=True, slots=True)
class DnsRecord:
    """`key` is its name in Pulumi."""

    key: str
    name: str
    kind: str
    value: Output[str]


class DnsRecords(ComponentResource):
    """The A, AAAA and CAA records of the domain: unless all are right, no certificate is issued."""

    to_set: Output[str]

    def __init__(
        self,
        name: str,
        settings: InfraSettings,
        address: Output[str],
        ipv6_address: Output[str],
        opts: ResourceOptions | None = None,
    ) -> None:
        super().__init__("invoices:infra:DnsRecords", name, None, opts)
        records = wanted(settings, address, ipv6_address)
        if settings.dns is Dns.ROUTE53:
            self._at_route53(settings, records)
        elif settings.dns is Dns.LIGHTSAIL:
            self._at_lightsail(settings, records)
        self.to_set = Output.from_input("") if settings.dns is not Dns.EXTERNAL else _as_lines(records)
        self.register_outputs({"to_set": self.to_set})

    def _at_route53(self, settings: InfraSettings, records: Sequence[DnsRecord]) -> None:
        zone = route53.get_zone_output(name=settings.dns_zone)
        for record in records:
            route53.Record(
                record.key,
                zone_id=zone.zone_id,
                name=record.name,
                type=record.kind,
                ttl=_SECONDS,
                records=[record.value],
                opts=ResourceOptions(parent=self),
            )

    def _at_lightsail(self, settings: InfraSettings, records: Sequence[DnsRecord]) -> None:
        for record in records:
            # Lightsail has no CAA records: without one every issuer may issue, Let's Encrypt included.
            if record.kind != "CAA":
                lightsail.DomainEntry(
                    record.key,
                    domain_name=settings.dns_zone,
                    name=record.name.removesuffix(settings.dns_zone).removesuffix("."),
                    type=record.kind,
                    target=record.value,
                    region=_DOMAINS_REGION,
                    opts=ResourceOptions(parent=self),
                )


def wanted(settings: InfraSettings, address: Output[str], ipv6_address: Output[str]) -> list[DnsRecord]:
    records = [DnsRecord("a", settings.domain, "A", address)]
    if settings.addresses is Addresses.DUALSTACK:
        records.append(DnsRecord("aaaa", settings.domain, "AAAA", ipv6_address))
    return [*records, DnsRecord("caa", settings.domain, "CAA", Output.from_input(_ISSUER))]


def _as_lines(records: Sequence[DnsRecord]) -> Output[str]:
    lines = [Output.concat(f"{record.name}. {_SECONDS} IN {record.kind} ", record.value) for record in records]
    return Output.all(*lines).apply("\n".join)
