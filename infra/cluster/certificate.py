"""The certificate of the site, which ACM issues and renews once records of the domain prove that it is ours."""

from collections.abc import Sequence

from pulumi import ComponentResource, Output, ResourceOptions, log
from pulumi_aws import acm, route53

from infra.dns_records import DnsRecords
from infra.settings import InfraSettings
from infra.tags import tags_of

_SECONDS = 300
_ISSUED = "ISSUED"


class ClusterCertificate(ComponentResource):
    """For the domain and the name beside it, whatever the shape: a change of names would replace it.

    Where Route 53 does not answer for the domain, `pulumi up` prints the records to set and waits for them.
    """

    def __init__(self, name: str, settings: InfraSettings, records: DnsRecords, opts: ResourceOptions) -> None:
        super().__init__("invoices:infra:Certificate", name, opts=opts)
        own = ResourceOptions(parent=self)
        names = (settings.domain, settings.next_domain)
        certificate = acm.Certificate(
            "site",
            domain_name=names[0],
            subject_alternative_names=[names[1]],
            validation_method="DNS",
            tags=tags_of(settings.server_name),
            opts=ResourceOptions(parent=self, depends_on=records.issuers),
        )
        proofs = [_proof_of(certificate, one) for one in names]
        hostnames = [proof["name"] for proof in proofs]
        if settings.dns == "route53":
            zone = route53.get_zone_output(name=settings.dns_zone)
            hostnames = [
                route53.Record(
                    f"proof-of-{kind}",
                    zone_id=zone.zone_id,
                    name=proof["name"],
                    type="CNAME",
                    ttl=_SECONDS,
                    records=[proof["value"]],
                    allow_overwrite=True,  # it says the same for every certificate of this name
                    opts=own,
                ).fqdn
                for kind, proof in zip(("domain", "next"), proofs, strict=True)
            ]
        else:
            to_set = Output.all(*proofs).apply(lambda found: "\n".join(map(_line, found)))
            records.add(to_set)
            Output.all(certificate.status, to_set).apply(
                lambda both: _ask_for(both[0], "\n".join([*records.issuer_lines, both[1]]))
            )
        issued = acm.CertificateValidation(
            "issued", certificate_arn=certificate.arn, validation_record_fqdns=hostnames, opts=own
        )
        self.arn = issued.certificate_arn
        self.register_outputs({"arn": self.arn})


def _proof_of(certificate: acm.Certificate, name: str) -> Output[dict[str, str]]:
    def found(options: Sequence[acm.outputs.CertificateDomainValidationOption]) -> dict[str, str]:
        option = next(one for one in options if one.domain_name == name)
        return {"name": option.resource_record_name or "", "value": option.resource_record_value or ""}

    return certificate.domain_validation_options.apply(found)


def _line(proof: dict[str, str]) -> str:
    return f"{proof['name'].rstrip('.')}. {_SECONDS} IN CNAME {proof['value']}"


def _ask_for(status: str, records: str) -> None:
    if status != _ISSUED:
        log.warn(f"Set these records now where the domain is kept; the certificate waits for them:\n{records}")
