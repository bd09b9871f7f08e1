"""Each rule finds what it is there for, and nothing in what we rent."""

import json
from decimal import Decimal

import pytest
from support.pulumi_stack import rented

from infra.policies.rules import RULES, Resource, above_budget

PORTS = "aws:lightsail/instancePublicPorts:InstancePublicPorts"
BUCKET = "aws:s3/bucket:Bucket"
POLICY = "aws:iam/userPolicy:UserPolicy"
TAGS = {"Project": "invoices"}
SSH = {"fromPort": 22, "toPort": 22, "protocol": "tcp"}


def faults(kind, properties, *, is_protected=True):
    resource = Resource(kind, properties, is_protected)
    return [(rule.name, fault) for rule in RULES for fault in rule.faults(resource)]


@pytest.mark.parametrize("switches", [{}, {"monitoring": "detailed", "secrets": "secretsmanager", "addresses": "ipv4"}])
def test_what_we_rent_keeps_every_rule(switches):
    resources = [Resource(one.options.type, one.inputs, one.options.protect) for one in rented(**switches).resources]

    assert [
        fault for one in resources for fault in faults(one.kind, one.properties, is_protected=one.is_protected)
    ] == []
    assert list(above_budget(resources, Decimal(50))) == []


@pytest.mark.parametrize(
    ("port", "fault"),
    [
        ({**SSH, "cidrs": ["0.0.0.0/0"]}, "SSH is open to everybody (0.0.0.0/0)."),
        ({**SSH, "cidrs": ["203.0.113.7/32"], "ipv6Cidrs": ["::/0"]}, "SSH is open to everybody (::/0)."),
        ({**SSH, "cidrs": []}, "SSH names no networks, which Lightsail takes for everybody."),
        (
            {"fromPort": 0, "toPort": 65535, "protocol": "all", "cidrs": ["0.0.0.0/0"]},
            "SSH is open to everybody (0.0.0.0/0).",
        ),
        (
            {"fromPort": 20, "toPort": 30, "protocol": "tcp", "cidrs": ["0.0.0.0/0"]},
            "SSH is open to everybody (0.0.0.0/0).",
        ),
    ],
)
def test_ssh_from_everywhere_is_found(port, fault):
    assert faults(PORTS, {"portInfos": [port]}) == [("no-ssh-from-everywhere", fault)]


def test_the_web_may_be_open_to_everybody():
    port = {"fromPort": 443, "toPort": 443, "protocol": "tcp", "cidrs": ["0.0.0.0/0"]}

    assert faults(PORTS, {"portInfos": [port]}) == []


def test_a_bucket_without_a_lock_is_found():
    assert faults(BUCKET, {"tags": TAGS}) == [("bucket-closed-and-locked", "The bucket cannot lock its objects.")]


def test_a_bucket_that_goes_with_all_it_holds_is_found():
    properties = {"objectLockEnabled": True, "forceDestroy": True, "tags": TAGS}

    assert faults(BUCKET, properties) == [
        ("bucket-closed-and-locked", "The bucket would be deleted with all that it holds.")
    ]


def test_a_bucket_that_may_become_public_is_found():
    kind = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
    properties = {"blockPublicAcls": True, "blockPublicPolicy": False, "ignorePublicAcls": True}

    assert [fault for _, fault in faults(kind, properties)] == [
        "The bucket may become public: blockPublicPolicy is off.",
        "The bucket may become public: restrictPublicBuckets is off.",
    ]


def test_a_lock_without_time_is_found():
    kind = "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration"

    assert faults(kind, {"rule": None}) == [("bucket-closed-and-locked", "Objects are not locked for any time.")]


@pytest.mark.parametrize(
    "kind",
    [
        "aws:lightsail/instance:Instance",
        "aws:lightsail/staticIp:StaticIp",
        "aws:s3/bucket:Bucket",
        "aws:secretsmanager/secret:Secret",
    ],
)
def test_what_holds_data_and_is_not_protected_is_found(kind):
    found = faults(kind, {"objectLockEnabled": True, "tags": TAGS}, is_protected=False)

    assert found == [("data-is-protected", "It holds what cannot be had again, and is not protected.")]


@pytest.mark.parametrize("actions", ["*", ["s3:GetObject", "s3:*"]])
def test_a_policy_that_allows_all_actions_is_found(actions):
    policy = json.dumps({"Statement": {"Effect": "Allow", "Action": actions, "Resource": "*"}})

    ((name, fault),) = faults(POLICY, {"policy": policy})
    assert (name, fault.endswith(": name the actions.")) == ("actions-are-named", True)


def test_a_policy_that_is_not_known_yet_is_not_judged():
    assert faults(POLICY, {"policy": None}) == []
    assert faults(POLICY, {}) == []


def test_what_has_no_tag_is_found():
    assert faults("aws:sns/topic:Topic", {}) == [("everything-is-tagged", "It has no tag Project.")]


def test_an_alarm_that_tells_nobody_is_found():
    kind = "aws:cloudwatch/metricAlarm:MetricAlarm"

    assert faults(kind, {"tags": TAGS, "alarmActions": []}) == [("alarms-tell-somebody", "The alarm tells nobody.")]


def test_a_stack_above_its_budget_is_found():
    server = Resource("aws:lightsail/instance:Instance", {"bundleId": "large_3_0"}, is_protected=True)

    assert list(above_budget([server], Decimal(40))) == ["The stack costs $44.00 a month, above the budget of $40.00."]


def test_the_budget_is_the_limit_that_the_stack_itself_watches():
    server = Resource("aws:lightsail/instance:Instance", {"bundleId": "large_3_0"}, is_protected=True)
    budget = Resource("aws:budgets/budget:Budget", {"limitAmount": "60"}, is_protected=False)

    assert list(above_budget([server, budget], Decimal(40))) == []
