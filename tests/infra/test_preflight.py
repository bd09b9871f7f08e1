"""What AWS would refuse is said in words before anything is rented; the answers are held against AWS's own model."""

import boto3
import pytest
from botocore.stub import Stubber
from support.pulumi_stack import CONFIG, REGION

from infra.preflight import run_checks
from infra.settings import InfraSettings

IDENTITY = {"UserId": "U", "Account": "1", "Arn": "arn:aws:iam::1:user/ann"}
MEDIUM = {
    "bundleId": "medium_3_0",
    "price": 24.0,
    "ramSizeInGb": 4.0,
    "isActive": True,
    "supportedPlatforms": ["LINUX_UNIX"],
}
SMALL = {
    "bundleId": "small_3_0",
    "price": 12.0,
    "ramSizeInGb": 2.0,
    "isActive": True,
    "supportedPlatforms": ["LINUX_UNIX"],
}
UBUNTU = {"blueprintId": "ubuntu_24_04", "isActive": True}
ZONE = {"Id": "/hostedzone/Z1", "Name": "example.com.", "CallerReference": "1"}


class Aws:
    """Clients of boto3 that answer as they are told, in the order in which they are asked."""

    def __init__(self, **answers):
        answers = {
            "sts": [("get_caller_identity", IDENTITY)],
            "regions": ["us-east-1a"],
            "bundles": [MEDIUM, SMALL],
            "blueprints": [UBUNTU],
            "static_ips": [],
            "instances": [],
            "route53": [],
            "domains": None,
            **answers,
        }
        regions = [{"name": REGION, "availabilityZones": [{"zoneName": name} for name in answers["regions"]]}]
        lightsail = [
            ("get_regions", {"regions": regions}),
            ("get_bundles", {"bundles": answers["bundles"]}),
            ("get_blueprints", {"blueprints": answers["blueprints"]}),
            ("get_static_ips", {"staticIps": answers["static_ips"]}),
            ("get_instances", {"instances": answers["instances"]}),
        ]
        if answers["domains"] is not None:
            lightsail.append(("get_domains", {"domains": answers["domains"]}))
        self._answers = {"sts": answers["sts"], "lightsail": lightsail, "route53": answers["route53"]}
        self._clients = {}

    def __call__(self, service, region):
        if service not in self._clients:
            client = boto3.client(service, region, aws_access_key_id="a", aws_secret_access_key="b")
            stubber = Stubber(client)
            for operation, answer in self._answers[service]:
                if isinstance(answer, dict):
                    stubber.add_response(operation, answer)
                else:
                    stubber.add_client_error(operation, answer)
            stubber.activate()
            self._clients[service] = client
        return self._clients[service]


def found(aws, name_servers=(), **changes):
    settings = InfraSettings.read({**CONFIG, **changes}, REGION)
    return list(run_checks(settings, aws, lambda _zone: frozenset(name_servers)))


def wrong(*arguments, **changes):
    return [finding.wrong for finding in found(*arguments, **changes) if finding.wrong]


def test_what_is_as_it_should_be_is_said_too():
    assert [finding.what for finding in found(Aws())] == [
        "credentials of arn:aws:iam::1:user/ann",
        "zone us-east-1a",
        "bundle medium_3_0, $24.0 a month",
        "blueprint ubuntu_24_04",
        "static address, 0 of 5 taken",
        "name invoices",
        "domain invoices.example.com: its records are printed by `pulumi up`, to be set where it is kept",
    ]


def test_without_credentials_nothing_more_is_asked():
    (finding,) = found(Aws(sts=[("get_caller_identity", "InvalidClientTokenId")]))

    assert finding.wrong.startswith("AWS does not know who asks (")
    assert "run `aws configure`, or set AWS_PROFILE" in finding.wrong


def test_a_bundle_that_is_no_longer_for_sale_is_named_with_those_that_are():
    assert wrong(Aws(bundles=[{**MEDIUM, "isActive": False}, SMALL])) == [
        "It is not for sale. For sale are: small_3_0 ($12, 2 GB)."
    ]


def test_a_bundle_whose_price_has_changed_is_named():
    assert wrong(Aws(bundles=[{**MEDIUM, "price": 26.0}])) == [
        "It costs $26.0 a month now, and $24 in infra/prices.toml: correct it there."
    ]


def test_a_blueprint_that_is_gone_is_named_with_those_that_are_there():
    assert wrong(Aws(blueprints=[{"blueprintId": "debian_13", "isActive": True}])) == [
        "There is no such blueprint now: debian_13."
    ]


def test_a_zone_that_is_not_there_is_named():
    assert wrong(Aws(regions=["us-east-1b"])) == ["There is no such zone now: us-east-1b."]


def test_when_all_static_addresses_are_taken_it_is_said_what_to_do():
    taken = [{"name": f"ip-{number}"} for number in range(5)]

    assert wrong(Aws(static_ips=taken)) == ["5 of 5 are taken: release one, or ask AWS for more."]


def test_a_name_that_another_server_has_is_found():
    assert wrong(Aws(instances=[{"name": "invoices"}])) == [
        "Another server of the account is called so: choose another serverName."
    ]


def test_our_own_server_may_have_the_name():
    ours = {"name": "invoices", "tags": [{"key": "ManagedBy", "value": "pulumi"}]}

    assert wrong(Aws(instances=[ours])) == []


@pytest.fixture
def at_route53():
    zones = {"HostedZones": [ZONE], "DNSName": "example.com", "IsTruncated": False, "MaxItems": "100"}
    delegated = {"HostedZone": ZONE, "DelegationSet": {"NameServers": ["ns-1.awsdns.com", "ns-2.awsdns.com"]}}
    return Aws(route53=[("list_hosted_zones_by_name", zones), ("get_hosted_zone", delegated)])


def test_a_domain_that_is_delegated_to_us_is_good(at_route53):
    assert wrong(at_route53, ["ns-1.awsdns.com"], dns="route53", dnsZone="example.com") == []


def test_a_domain_that_somebody_else_keeps_is_found(at_route53):
    assert wrong(at_route53, ["ns.elsewhere.net"], dns="route53", dnsZone="example.com") == [
        "example.com is kept by ns.elsewhere.net: set its name servers to ns-1.awsdns.com, ns-2.awsdns.com."
    ]


def test_a_zone_that_is_not_there_must_be_made_first():
    none = {"HostedZones": [], "DNSName": "example.com", "IsTruncated": False, "MaxItems": "100"}
    aws = Aws(route53=[("list_hosted_zones_by_name", none)])

    assert wrong(aws, dns="route53", dnsZone="example.com") == ["route53 has no zone example.com: make it there first."]


def test_a_domain_at_lightsail_is_looked_up_there():
    entries = [{"name": "example.com", "type": "NS", "target": "ns-1.awsdns.com."}]
    aws = Aws(domains=[{"name": "example.com", "domainEntries": entries}])

    assert wrong(aws, ["ns-1.awsdns.com"], dns="lightsail", dnsZone="example.com") == []


def test_what_aws_refuses_to_say_is_said():
    aws = Aws()
    aws._answers["lightsail"][1] = ("get_bundles", "AccessDeniedException")

    (sentence,) = wrong(aws)
    assert sentence.startswith("AWS refuses to say: An error occurred (AccessDeniedException)")
