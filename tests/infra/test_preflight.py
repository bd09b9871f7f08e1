"""What AWS would refuse is said in words before anything is rented; the answers are held against AWS's own model."""

import pytest
from support.pulumi_stack import CONFIG, REGION
from support.stubbed_aws import StubbedAws

from infra.findings import Finding
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


class Aws(StubbedAws):
    def __init__(self, **answers):
        answers = {
            "sts": [("get_caller_identity", IDENTITY)],
            "regions": ["us-east-1a"],
            "bundles": [MEDIUM, SMALL],
            "blueprints": [UBUNTU],
            "static_ips": [],
            "instances": [],
            "route53": [],
            "key": [("import_key_pair", {}), ("delete_key_pair", {})],
            "asked_for_own": 0,
            "domains": None,
            **answers,
        }
        regions = [{"name": REGION, "availabilityZones": [{"zoneName": name} for name in answers["regions"]]}]
        owned = [
            ("get_static_ips", {"staticIps": answers["static_ips"]}),
            ("get_instances", {"instances": answers["instances"]}),
        ]
        lightsail = [
            ("get_regions", {"regions": regions}),
            ("get_bundles", {"bundles": answers["bundles"]}),
            ("get_blueprints", {"blueprints": answers["blueprints"]}),
            *answers["key"],
            *owned,
        ]
        if answers["domains"] is not None:
            lightsail.append(("get_domains", {"domains": answers["domains"]}))
        lightsail.extend(owned * answers["asked_for_own"])
        super().__init__({"sts": answers["sts"], "lightsail": lightsail, "route53": answers["route53"]})


class Dns:
    def __init__(self, name_servers, records, zone="example.com"):
        self._zone, self._name_servers, self._records = zone, frozenset(name_servers), frozenset(records)

    def name_servers(self, zone):
        return self._name_servers if zone == self._zone else frozenset()

    def records(self, _domain):
        return self._records


def found(aws, name_servers=(), records=(), **changes):
    settings = InfraSettings.read({**CONFIG, **changes}, REGION)
    return list(run_checks(settings, aws, Dns(name_servers, records)))


def advice(*arguments, **changes):
    return [finding.advice for finding in found(*arguments, **changes) if finding.advice]


def wrong(*arguments, **changes):
    return [finding.wrong for finding in found(*arguments, **changes) if finding.wrong]


def test_what_is_as_it_should_be_is_said_too():
    assert [finding.what for finding in found(Aws())] == [
        "credentials of arn:aws:iam::1:user/ann",
        "monthlyBudget, $50",
        "zone us-east-1a",
        "bundle medium_3_0, $24.00 a month",
        "blueprint ubuntu_24_04",
        "key of the kind ssh-ed25519",
        "static address, 0 of 5 taken",
        "name invoices",
        "domain invoices.example.com: its records are printed by `pulumi up`, to be set where it is kept",
        "records of invoices.example.com",
        "place of invoices.example.com",
    ]


def test_without_credentials_nothing_more_is_asked():
    (finding,) = found(Aws(sts=[("get_caller_identity", "InvalidClientTokenId")]))

    assert finding.wrong.startswith("AWS does not know who asks (")
    assert "run `aws configure`, or set AWS_PROFILE" in finding.wrong


def test_a_bundle_that_is_no_longer_for_sale_is_named_with_those_that_are():
    assert wrong(Aws(bundles=[{**MEDIUM, "isActive": False}, SMALL])) == [
        "It is not for sale in us-east-1. For sale are: small_3_0 ($12, 2 GB)."
    ]


def test_another_price_than_was_noted_is_advice():
    dear = Aws(bundles=[{**MEDIUM, "price": 26.0}])

    assert advice(dear) == ["infra/prices.toml has $24.00, which monthlyBudget counts."]


def test_a_bundle_of_another_region_is_taken_at_the_price_that_aws_asks():
    findings = found(Aws(bundles=[{**MEDIUM, "bundleId": "medium_3_1"}]), bundle="medium_3_1")

    assert findings[3] == Finding("bundle medium_3_1, $24.00 a month")


def test_a_bundle_whose_price_was_not_noted_is_no_mistake():
    rare = Aws(bundles=[{**MEDIUM, "bundleId": "m_large_1_0"}])

    assert advice(rare, bundle="m_large_1_0") == [
        "infra/prices.toml does not have its price: monthlyBudget counts the rest only."
    ]


@pytest.mark.parametrize(
    ("lacks", "sentence"),
    [
        (
            {"ramSizeInGb": 1.0},
            "It has 1 GB of memory, 1 IPv4 addresses, and the stack takes 2 GB and one: choose another size.",
        ),
        (
            {"publicIpv4AddressCount": 0},
            "It has 4 GB of memory, 0 IPv4 addresses, and the stack takes 2 GB and one: choose another size.",
        ),
    ],
)
def test_a_bundle_that_is_too_small_by_aws_s_own_answer_is_refused(lacks, sentence):
    assert wrong(Aws(bundles=[{**MEDIUM, "bundleId": "m_small_1_0", **lacks}]), bundle="m_small_1_0") == [sentence]


def test_a_kind_of_key_that_lightsail_does_not_take_is_said():
    (sentence,) = wrong(Aws(key=[("import_key_pair", "InvalidInputException")]))

    assert sentence.startswith("Lightsail does not take it (An error occurred (InvalidInputException)")
    assert sentence.endswith("make another with `ssh-keygen -t rsa -b 4096`.")


OURS = {"asked_for_own": 1, "static_ips": [{"name": "invoices-address", "ipAddress": "198.51.100.9"}]}
DELEGATED = {"domains": [{"name": "example.com", "domainEntries": [{"type": "NS", "target": "ns-1.awsdns.com."}]}]}
AT_LIGHTSAIL = {"dns": "lightsail", "dnsZone": "example.com"}


def test_the_name_of_n8n_is_looked_at_too_where_there_is_automation():
    whats = [finding.what for finding in found(Aws(), automation="true")]

    assert [what for what in whats if what.startswith("records")] == [
        "records of invoices.example.com", "records of n8n.invoices.example.com",
    ]  # fmt: skip


def test_a_name_that_leads_to_our_own_address_already_is_well():
    assert found(Aws(**OURS), (), [("A", "198.51.100.9")])[-2] == Finding("records of invoices.example.com")


def test_a_name_that_leads_elsewhere_and_is_to_be_moved_is_advice():
    assert advice(Aws(**OURS), (), [("A", "203.0.113.80"), ("AAAA", "2001:db8::80")]) == [
        "The name leads elsewhere now (A 203.0.113.80, AAAA 2001:db8::80); "
        "with the records of this stack it no longer does."
    ]


@pytest.mark.parametrize("record", [("A", "203.0.113.80"), ("CNAME", "shop.example.net")])
def test_a_record_that_lightsail_would_keep_beside_ours_is_to_be_removed_first(record):
    assert wrong(Aws(**OURS, **DELEGATED), ["ns-1.awsdns.com"], [record], **AT_LIGHTSAIL) == [
        f"The name leads elsewhere now ({' '.join(record)}): remove these records at lightsail first."
    ]


def test_at_route53_a_name_for_another_name_is_to_be_removed_first(at_route53):
    assert wrong(
        at_route53, ["ns-1.awsdns.com"], [("CNAME", "shop.example.net")], dns="route53", dnsZone="example.com"
    ) == ["The name leads elsewhere now (CNAME shop.example.net): remove these records at route53 first."]


def test_a_domain_that_is_a_zone_itself_is_advised_against():
    assert advice(Aws(), domain="example.com") == [
        "It is a zone of its own, and what is set there counts for all names below it: better one of those, "
        "such as invoices.example.com."
    ]


def test_a_blueprint_that_is_gone_is_named_with_those_that_are_there():
    assert wrong(Aws(blueprints=[{"blueprintId": "debian_13", "isActive": True}])) == [
        "There is no such blueprint now: debian_13."
    ]


def test_a_zone_that_is_not_there_is_named():
    assert wrong(Aws(regions=["us-east-1b"])) == ["There is no such zone now: us-east-1b."]


def test_a_stack_that_costs_more_than_its_budget_is_wrong():
    assert wrong(Aws(), monthlyBudget="20") == ["What is rented costs more, as listed below: raise it, or rent less."]


def test_when_all_static_addresses_are_taken_it_is_said_what_to_do():
    taken = [{"name": f"ip-{number}"} for number in range(5)]

    assert wrong(Aws(static_ips=taken)) == ["5 of 5 are taken: release one, or ask AWS for more."]


def test_the_last_address_may_be_the_one_that_was_rented_before_something_failed():
    taken = [{"name": f"ip-{number}"} for number in range(4)]

    assert wrong(Aws(static_ips=[*taken, {"name": "invoices-address"}])) == []


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
    return Aws(route53=[("list_hosted_zones_by_name", zones), ("get_hosted_zone", delegated)], asked_for_own=1)


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
