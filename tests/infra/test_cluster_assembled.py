"""Alarms, dashboard and CloudFront are those of the cluster that is rented with them."""

import json

import pytest
from support.pulumi_stack import CLUSTER, rented


@pytest.fixture(scope="module")
def cluster():
    return rented(**CLUSTER)


@pytest.fixture(scope="module")
def behind_cloudfront():
    return rented(**CLUSTER, cdn="cloudfront")


def test_topic_and_dashboard_are_put_out(cluster):
    found = cluster.outputs["cluster"]

    assert (found["alarm_topic"], found["dashboard"]) == ("arn:aws:sns:us-east-1:1:invoices-alarms", "invoices-cluster")


def test_what_alarms_watch_is_what_was_rented(cluster):
    watched = {}
    for one in cluster.of("MetricAlarm"):
        watched |= one.inputs.get("dimensions", {})

    assert watched == {
        "LoadBalancer": "app/b/1",
        "TargetGroup": "targetgroup/inv-1/3",
        "ClusterName": "invoices",
        "ServiceName": "invoices-worker",
        "DBInstanceIdentifier": "invoices",
        "CertificateArn": "arn:aws:acm:us-east-1:1:certificate/1",
    }


def test_the_dashboard_shows_all_alarms(cluster):
    body = json.loads(cluster.one("Dashboard").inputs["dashboardBody"])
    (alarms,) = [one["properties"]["alarms"] for one in body["widgets"] if one["type"] == "alarm"]

    assert len(alarms) == len(cluster.of("MetricAlarm"))


def test_without_backups_the_dashboard_shows_none(cluster):
    bodies = [one.one("Dashboard").inputs["dashboardBody"] for one in (cluster, rented(**CLUSTER, backups="false"))]

    assert ["Backups an hour" in body for body in bodies] == [True, False]


def test_without_monitoring_nothing_is_watched():
    stack = rented(**CLUSTER, monitoring="off")

    assert not {"MetricAlarm", "Dashboard", "Topic", "EventSubscription", "EventRule", "Budget"} & stack.kinds()
    assert (stack.outputs["cluster"]["alarm_topic"], stack.outputs["cluster"]["dashboard"]) == ("", "")


def test_beside_a_server_no_two_of_a_kind_have_one_name():
    everything = {"monitoring": "detailed", "logs": "cloudwatch", "secrets": "secretsmanager"}
    stack = rented(**{**CLUSTER, "shape": "both", **everything})
    named = [
        (one.kind, one.inputs["name"])
        for one in stack.resources
        if one.options.custom and one.inputs.get("name") and one.kind != "Record"
    ]

    assert sorted(named) == sorted(set(named))


def test_beside_a_server_there_is_one_budget_for_both():
    assert len(rented(**{**CLUSTER, "shape": "both"}).of("Budget")) == 1


def test_by_itself_a_cluster_is_reached_without_cloudfront(cluster):
    assert not {"Distribution", "WebAcl", "ListenerRule"} & cluster.kinds()


def test_behind_cloudfront_the_balancer_lets_in_nobody_else(behind_cloudfront):
    entrances = [
        one.inputs for one in behind_cloudfront.of("SecurityGroupIngressRule") if one.inputs["fromPort"] in {80, 443}
    ]

    assert [(one["prefixListId"], one["fromPort"], one.get("cidrIpv4")) for one in entrances] == [
        ("pl-com.amazonaws.global.cloudfront.origin-facing", 443, None)
    ]


def test_the_domain_leads_to_cloudfront_where_there_is_one(behind_cloudfront, cluster):
    leads = [
        [one.inputs["aliases"][0]["name"] for one in stack.of("Record") if one.inputs.get("aliases")]
        for stack in (cluster, behind_cloudfront)
    ]

    assert leads == [["balancer-1.elb.amazonaws.com"], ["d1.cloudfront.net"]]
    assert [stack.outputs["cluster"]["public_host"] for stack in (cluster, behind_cloudfront)] == [
        "balancer-1.elb.amazonaws.com", "d1.cloudfront.net"
    ]  # fmt: skip


def test_the_secret_of_cloudfront_stands_in_no_output(behind_cloudfront):
    assert "a random text of AWS" not in str(behind_cloudfront.outputs)


def test_what_is_rented_for_watching_is_tagged_wherever_it_takes_tags(behind_cloudfront):
    untagged = {
        one.kind
        for one in behind_cloudfront.resources
        if one.options.custom and "Project" not in one.inputs.get("tags", {}) and "cluster" in one.options.parent
    }

    assert untagged & {
        "MetricAlarm", "Topic", "EventRule", "EventSubscription", "Distribution", "WebAcl", "ListenerRule", "Secret",
        "Certificate", "LoadBalancer", "TargetGroup", "Listener",
    } == set()  # fmt: skip
