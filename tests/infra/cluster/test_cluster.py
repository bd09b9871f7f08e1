"""The cluster as a whole: what it puts out, what it costs, and what stays of a server beside it."""

from decimal import Decimal
from pathlib import Path

import pytest
from support.pulumi_stack import CLUSTER, CONFIG, REGION, rented

from infra import costs
from infra.settings import InfraSettings
from provisioning.settings import ClusterSettings, HostSettings

PAGE = Path(__file__).parents[3] / "docs" / "high-availability.md"

# What these do not take: they are parts of something that is tagged, or know no tags.
UNTAGGED = {
    "RouteTableAssociation", "LifecyclePolicy", "RolePolicy", "Record", "CertificateValidation", "Schedule",
    "BucketVersioning", "BucketPublicAccessBlock", "BucketOwnershipControls", "BucketPolicy", "GroupPolicy", "Group",
    "BucketServerSideEncryptionConfiguration", "BucketObjectLockConfiguration", "BucketLifecycleConfiguration",
    "UserPolicy", "AccessKey", "StaticIp", "StaticIpAttachment", "InstancePublicPorts", "TopicSubscription",
    "TopicPolicy", "Dashboard", "EventTarget", "LogMetricFilter", "DefaultSecurityGroup",
}  # fmt: skip


def test_its_output_has_exactly_the_keys_that_the_playbooks_read(stack):
    assert set(stack.outputs["cluster"]) == set(ClusterSettings.model_fields)


@pytest.mark.parametrize("shape", ["server", "both", "cluster"])
def test_the_playbooks_read_the_outputs_of_each_shape(shape):
    outputs = rented(**{**CLUSTER, "shape": shape}).outputs
    settings = HostSettings.from_outputs(outputs)

    assert settings.shape == shape
    assert (bool(settings.host), settings.cluster is not None) == (shape != "cluster", shape != "server")


def test_every_shape_has_the_same_outputs(stack, both):
    assert set(stack.outputs) == set(both.outputs) == set(rented().outputs)


def test_without_a_server_nothing_of_it_is_rented(stack):
    assert not {"StaticIp", "KeyPair", "InstancePublicPorts"} & stack.kinds()
    assert "heartbeat" not in {one.name for one in stack.of("MetricAlarm")}
    assert {one.name for one in stack.of("User")} == {"invoices-restorer"}
    assert (stack.outputs["host"], stack.outputs["ssh_cidrs"]) == ("", [])


def test_beside_a_cluster_the_server_and_all_of_its_own_are_what_they_were_alone(both):
    server = {"dns": "route53", "dnsZone": "example.com"}
    alone, beside = by_urn(rented(**server)), by_urn(both)

    changed = {key for key, inputs in alone.items() if beside.get(key) != inputs}
    assert {(kind.rpartition(":")[2], name) for _, kind, name in changed} == {("Record", "caa"), ("Budget", "budget")}


@pytest.mark.parametrize("size", ["small", "medium", "large"])
def test_the_page_says_what_each_size_costs(size):
    settings = InfraSettings.read({**CONFIG, **CLUSTER, "clusterSize": size}, REGION)
    (row,) = [line for line in PAGE.read_text().splitlines() if line.startswith(f"| `{size}`")]

    dollars = costs.total(costs.monthly(settings)).quantize(Decimal(1))
    assert row.endswith(f"| ${dollars} |")


def by_urn(stack):
    """Name each by its parents and kinds too, as the engine does."""
    return {(one.options.parent, one.options.type, one.name): one.inputs for one in stack.resources}


def test_what_holds_data_is_protected(stack):
    kinds = ("Bucket", "Secret", "Repository", "Instance", "LoadBalancer")

    assert [one.name for kind in kinds for one in stack.of(kind) if not one.options.protect] == []


def test_all_of_it_is_tagged(both):
    tagless = {one.kind for one in both.resources if one.options.custom and "Project" not in one.inputs.get("tags", {})}

    assert tagless <= UNTAGGED


def test_no_secret_stands_in_a_plain_output(stack):
    assert stack.secret_outputs == {"aws_secret_access_key", "restorer_secret_access_key"}


def test_the_domain_leads_to_the_balancer_by_the_record_that_led_to_the_server(stack, both):
    leads = stack.one("Record", "a").inputs

    assert (leads["name"], leads["aliases"][0]["name"]) == ("invoices.example.com", "balancer-1.elb.amazonaws.com")
    assert both.one("Record", "a").inputs["records"] == ["198.51.100.9"]
    assert both.one("Record", "next-a").inputs["aliases"][0]["name"] == "balancer-1.elb.amazonaws.com"
