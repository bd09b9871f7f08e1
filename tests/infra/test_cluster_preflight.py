"""What the account or the region would refuse of a cluster is said before; AWS's own model holds the answers."""

import pytest
from support.pulumi_stack import CONFIG, REGION
from support.stubbed_aws import StubbedAws

from infra.findings import Finding
from infra.preflight import run_checks
from infra.settings import InfraSettings

IDENTITY = {"UserId": "U", "Account": "1", "Arn": "arn:aws:iam::1:user/ann"}
ROLE = {
    "Path": "/", "RoleName": "AWSServiceRole", "RoleId": "AROA1234567890123456", "Arn": "arn:aws:iam::1:role/service",
    "CreateDate": "2026-11-28T00:00:00Z",
}  # fmt: skip
BALANCER = {
    "LoadBalancerArn": "arn:aws:elasticloadbalancing:us-east-1:1:loadbalancer/app/b/1",
    "DNSName": "b-1.us-east-1.elb.amazonaws.com", "Type": "application",
}  # fmt: skip
OURS = [{"Key": "ManagedBy", "Value": "pulumi"}, {"Key": "Server", "Value": "invoices"}]
ROLES = [("get_role", {"Role": ROLE})] * 3


def orderable(**changes):
    zones = changes.pop("zones", ("us-east-1a", "us-east-1b"))
    return {
        "Engine": "postgres", "EngineVersion": "17.4", "DBInstanceClass": "db.t4g.small", "MultiAZCapable": True,
        "StorageType": "gp3", "AvailabilityZones": [{"Name": zone} for zone in zones], **changes,
    }  # fmt: skip


class Aws(StubbedAws):
    def __init__(self, **changed):
        found = {
            "zones": [("us-east-1a", "available"), ("us-east-1b", "available")],
            "processors": 6.0,
            "vpcs": [],
            "balancers": [],
            "tags": OURS,
            "databases": [],
            "orderable": [orderable()],
            "roles": ROLES,
            "asked_for_own": False,
            **changed,
        }
        zones = [{"ZoneName": name, "State": state} for name, state in found["zones"]]
        balancers = ("describe_load_balancers", {"LoadBalancers": found["balancers"]})
        tags = [
            ("describe_tags", {"TagDescriptions": [{"ResourceArn": one["LoadBalancerArn"], "Tags": found["tags"]}]})
            for one in found["balancers"]
        ]
        limits = [{"Name": "application-load-balancers", "Max": "1"}]
        quotas = [{"AccountQuotaName": "DBInstances", "Used": 0, "Max": 1}]
        answers = {
            "sts": [("get_caller_identity", IDENTITY)],
            "ec2": [
                ("describe_availability_zones", {"AvailabilityZones": zones}),
                ("describe_vpcs", {"Vpcs": found["vpcs"]}),
            ],
            "service-quotas": [
                ("get_service_quota", {"Quota": {"Value": found["processors"]}}),
                ("get_service_quota", {"Quota": {"Value": 1.0}}),
            ],
            "elbv2": [
                ("describe_account_limits", {"Limits": limits}), balancers, *tags,
                *([balancers, *tags] if found["asked_for_own"] else []),
            ],
            "rds": [
                ("describe_account_attributes", {"AccountQuotas": quotas}),
                ("describe_db_instances", {"DBInstances": found["databases"]}),
                ("describe_orderable_db_instance_options", {"OrderableDBInstanceOptions": found["orderable"]}),
            ],
            "iam": found["roles"],
        }  # fmt: skip
        super().__init__(answers)


class Dns:
    def __init__(self, records):
        self._records = records

    def name_servers(self, _zone):
        return frozenset()

    def records(self, domain):
        return frozenset(self._records.get(domain, ()))


def found(aws, records=(), **changes):
    settings = InfraSettings.read({**CONFIG, "shape": "cluster", **changes}, REGION)
    return list(run_checks(settings, aws, Dns(dict(records))))


def wrong(aws, **changes):
    return [finding.wrong for finding in found(aws, **changes) if finding.wrong]


def test_what_is_as_it_should_be_is_said_too_and_nothing_is_asked_about_a_server():
    assert [finding.what for finding in found(Aws())] == [
        "credentials of arn:aws:iam::1:user/ann",
        "monthlyBudget, $175",
        "zones us-east-1a, us-east-1b",
        "4 vCPU of Fargate, of 6",
        "VPC, 0 of 1 taken by others",
        "load balancer, 0 of 1 taken by others",
        "database, 0 of 1 taken by others",
        "PostgreSQL 17 on db.t4g.small in two zones",
        "roles of AWS's services",
        "domain invoices.example.com: its records are printed by `pulumi up`, to be set where it is kept",
        "records of invoices.example.com",
        "place of invoices.example.com",
    ]


def test_a_zone_that_is_closed_is_named_with_those_that_are_open():
    closed = Aws(zones=[("us-east-1a", "available"), ("us-east-1b", "impaired"), ("us-east-1c", "available")])

    assert wrong(closed) == ["us-east-1b cannot be used: set clusterZones to two of us-east-1a, us-east-1c."]


def test_a_new_account_has_too_few_processors_for_a_deploy_of_the_large_size():
    options = [orderable(DBInstanceClass="db.m7g.large")]

    assert wrong(Aws(orderable=options), clusterSize="large") == [
        "A deploy runs the old and the new tasks together, and the account may not: ask AWS for more "
        "(Service Quotas, AWS Fargate, L-3032A538), or choose a smaller clusterSize."
    ]


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"vpcs": [{"VpcId": "vpc-1"}]}, "VPC, 1 of 1 taken by others"),
        (
            {"balancers": [BALANCER], "tags": [{"Key": "Server", "Value": "shop"}]},
            "load balancer, 1 of 1 taken by others",
        ),
        ({"databases": [{"DBInstanceIdentifier": "payroll"}]}, "database, 1 of 1 taken by others"),
    ],
    ids=["networks", "balancers", "databases"],
)
def test_where_others_took_all_that_the_account_may_have_it_is_said_what_to_do(changed, what):
    (finding,) = [one for one in found(Aws(**changed)) if one.wrong]

    assert finding == Finding(
        what, "There is no room for ours: delete one that nobody uses, or ask AWS for more (Service Quotas)."
    )


def test_what_was_rented_before_something_failed_takes_no_room_of_its_own():
    ours = Aws(
        vpcs=[{"VpcId": "vpc-1", "Tags": OURS}], balancers=[BALANCER],
        databases=[{"DBInstanceIdentifier": "invoices", "TagList": OURS}],
    )  # fmt: skip

    assert wrong(ours) == []


def test_a_database_of_somebody_else_with_our_name_is_found():
    assert wrong(Aws(databases=[{"DBInstanceIdentifier": "invoices"}])) == [
        "Another database of the account is called so: choose another serverName."
    ]


@pytest.mark.parametrize(
    "lacks",
    [{"EngineVersion": "16.9"}, {"MultiAZCapable": False}, {"StorageType": "gp2"}],
    ids=lambda one: next(iter(one)),
)
def test_a_region_without_the_database_s_version_class_or_storage_is_said(lacks):
    assert wrong(Aws(orderable=[orderable(**lacks)])) == [
        "RDS does not have it in us-east-1: choose another clusterSize or region."
    ]


def test_a_zone_without_the_database_s_class_is_named_with_those_that_have_it():
    assert wrong(Aws(orderable=[orderable(zones=("us-east-1a", "us-east-1c"))])) == [
        "Not in us-east-1b: set clusterZones to two of us-east-1a, us-east-1c."
    ]


def test_roles_that_aws_has_not_made_yet_are_advice_with_the_commands_that_make_them():
    roles = [("get_role", "NoSuchEntity"), ("get_role", {"Role": ROLE}), ("get_role", "NoSuchEntity")]

    assert [finding.advice for finding in found(Aws(roles=roles)) if finding.advice] == [
        "The account has no AWSServiceRoleForECS, AWSServiceRoleForRDS yet. AWS makes them with the first cluster, "
        "which can fail once for that; to make them now: `aws iam create-service-linked-role --aws-service-name "
        "ecs.amazonaws.com`; `aws iam create-service-linked-role --aws-service-name rds.amazonaws.com`."
    ]


def test_what_aws_refuses_to_say_is_said():
    (sentence,) = wrong(Aws(roles=[("get_role", "AccessDenied")]))

    assert sentence.startswith("AWS refuses to say: An error occurred (AccessDenied)")


def test_a_name_that_leads_to_our_own_balancer_already_is_well():
    leads = {"invoices.example.com": [("CNAME", "b-1.us-east-1.elb.amazonaws.com")]}

    findings = found(Aws(balancers=[BALANCER], asked_for_own=True), leads)
    assert Finding("records of invoices.example.com") in findings


def test_an_address_of_our_own_balancer_is_ours_too():
    leads = {
        "invoices.example.com": [("A", "192.0.2.10")],
        "b-1.us-east-1.elb.amazonaws.com": [("A", "192.0.2.10"), ("A", "192.0.2.11")],
    }

    findings = found(Aws(balancers=[BALANCER], asked_for_own=True), leads)
    assert Finding("records of invoices.example.com") in findings


def test_a_name_that_leads_to_the_server_that_served_before_is_advice():
    leads = {"invoices.example.com": [("A", "198.51.100.9")]}

    advice = [finding.advice for finding in found(Aws(asked_for_own=True), leads) if finding.advice]
    assert advice == [
        "The name leads elsewhere now (A 198.51.100.9); with the records of this stack it no longer does."
    ]
