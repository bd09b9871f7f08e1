"""DNS records of the server: set at Route 53 or Lightsail, or listed to be set elsewhere."""

from collections.abc import Callable, Mapping

import pulumi
from pulumi import ComponentResource, Input, Output, ResourceOptions
from pulumi_aws import lightsail, route53

from infra.settings import DOMAINS_REGION, InfraSettings

_SECONDS = 300
_NO_IPV6 = "AWS has given the server no IPv6 address yet, so there is no AAAA record: run `pulumi up --refresh` again."
_ISSUER = '0 issue "letsencrypt.org"'


class DnsRecords(ComponentResource):
    """The A, AAAA and CAA records of the domain: unless all are right, no certificate is issued.

    An address of IPv6 that AWS has not given yet has no record; the next `pulumi up --refresh` makes it.
    """

    def __init__(self, name: str, settings: InfraSettings, address: Output[str], ipv6_address: Output[str]) -> None:
        super().__init__("invoices:infra:DnsRecords", name)
        records_of_domain = wanted(settings, address, ipv6_address)
        # The issuer of the domain counts for the names below it as well.
        addresses = {kind: value for kind, value in records_of_domain.items() if kind != "CAA"}
        names = {name: records_of_domain if name == settings.domain else addresses for name in settings.names}
        for domain, records in names.items():
            if settings.dns == "route53":
                self._at_route53(settings, domain, records)
            elif settings.dns == "lightsail":
                self._at_lightsail(settings, domain, records)
        lines = [_as_lines(domain, records) for domain, records in names.items() if settings.dns == "external"]
        self.to_set = Output.all(*lines).apply(lambda texts: "\n".join(filter(None, texts)))
        self.register_outputs({"to_set": self.to_set})

    def _at_route53(self, settings: InfraSettings, domain: str, records: Mapping[str, Output[str]]) -> None:
        zone = route53.get_zone_output(name=settings.dns_zone)

        def record(kind: str, value: Input[str]) -> None:
            route53.Record(
                _resource(settings, domain, kind),
                zone_id=zone.zone_id,
                name=domain,
                type=kind,
                ttl=_SECONDS,
                records=[value],
                allow_overwrite=True,  # the name is this server's; preflight names what is there already
                opts=ResourceOptions(parent=self),
            )

        _for_each(records, record)

    def _at_lightsail(self, settings: InfraSettings, domain: str, records: Mapping[str, Output[str]]) -> None:
        def entry(kind: str, value: Input[str]) -> None:
            lightsail.DomainEntry(
                _resource(settings, domain, kind),
                domain_name=settings.dns_zone,
                name=domain.removesuffix(settings.dns_zone).removesuffix("."),
                type=kind,
                target=value,
                region=DOMAINS_REGION,
                opts=ResourceOptions(parent=self),
            )

        # Lightsail has no CAA records: without one every issuer may issue, Let's Encrypt included.
        _for_each({kind: value for kind, value in records.items() if kind != "CAA"}, entry)


def wanted(settings: InfraSettings, address: Output[str], ipv6_address: Output[str]) -> dict[str, Output[str]]:
    """Return the values by type of record; a CAA of the zone itself would forbid all its names their other issuers."""
    ipv6 = {"AAAA": ipv6_address} if settings.addresses == "dualstack" else {}
    issuer = {} if settings.is_apex else {"CAA": Output.from_input(_ISSUER)}
    return {"A": address, **ipv6, **issuer}


def _resource(settings: InfraSettings, domain: str, kind: str) -> str:
    return kind.lower() if domain == settings.domain else f"n8n-{kind.lower()}"


def _for_each(records: Mapping[str, Output[str]], make: Callable[[str, Input[str]], None]) -> None:
    for kind, value in records.items():
        if kind == "AAAA":  # only known to be there once the machine is: a preview before does not show its record
            value.apply(lambda address: make("AAAA", address) if address else pulumi.log.warn(_NO_IPV6))
        else:
            make(kind, value)


def _as_lines(domain: str, records: Mapping[str, Output[str]]) -> Output[str]:
    return Output.all(**records).apply(
        lambda values: "\n".join(f"{domain}. {_SECONDS} IN {kind} {value}" for kind, value in values.items() if value)
    )
