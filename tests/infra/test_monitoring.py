"""Somebody is told when the server is not well, also when it says nothing at all."""

import json

import pytest
from support.pulumi_stack import CONFIG, rented

from infra.program import rent
from infra.settings import InfraSettings
from playbooks.steps.alarm_mails import _topics


@pytest.fixture(scope="module")
def basic():
    return rented()


@pytest.fixture(scope="module")
def detailed():
    return rented(monitoring="detailed")


def test_mails_go_to_the_operator(basic):
    mail = basic.one("TopicSubscription").inputs

    assert (mail["protocol"], mail["endpoint"]) == ("email", "you@example.com")


def test_basic_monitoring_watches_what_loses_data(basic):
    assert [one.name for one in basic.of("MetricAlarm")] == ["backup", "disk", "heartbeat", "memory"]


def test_detailed_monitoring_watches_also_from_outside(detailed):
    assert {one.name for one in detailed.of("MetricAlarm")} == {
        "heartbeat", "disk", "memory", "backup", "inodes", "archive", "certificate", "errors", "units", "outside",
    }  # fmt: skip
    check = detailed.one("HealthCheck").inputs
    assert (check["type"], check["fqdn"], check["resourcePath"]) == (
        "HTTPS_STR_MATCH", "invoices.example.com", "/health",
    )  # fmt: skip


def test_every_alarm_tells_somebody_when_it_begins_and_when_it_ends(detailed):
    for alarm in detailed.of("MetricAlarm"):
        assert alarm.inputs["alarmActions"]
        assert alarm.inputs["okActions"]


def test_a_silent_server_is_not_well(basic):
    heartbeat = basic.one("MetricAlarm", "heartbeat").inputs

    assert heartbeat["treatMissingData"] == "breaching"
    assert (heartbeat["metricName"], heartbeat["comparisonOperator"], heartbeat["threshold"]) == (
        "Heartbeat", "LessThanThreshold", 1,
    )  # fmt: skip
    assert basic.one("MetricAlarm", "backup").inputs["treatMissingData"] == "breaching"


def test_no_errors_sent_means_no_errors(detailed):
    assert detailed.one("MetricAlarm", "errors").inputs["treatMissingData"] == "notBreaching"


def test_the_check_from_outside_is_watched_where_its_figures_are(detailed):
    assert detailed.one("MetricAlarm", "outside").inputs["region"] == "us-east-1"


def test_where_the_figures_from_outside_are_nearby_one_mail_is_to_be_confirmed(detailed):
    assert [one.name for one in detailed.of("TopicSubscription")] == ["alarms-mail"]


def test_elsewhere_the_alarm_from_outside_has_a_topic_of_its_own_region():
    settings = InfraSettings.read({**CONFIG, "monitoring": "detailed"}, "eu-central-1")

    far = rented(lambda: rent(settings))

    assert {one.name: one.inputs.get("region") for one in far.of("TopicSubscription")} == {
        "alarms-mail": None, "outside-mail": "us-east-1",
    }  # fmt: skip
    assert far.one("MetricAlarm", "outside").inputs["name"] == "invoices-outside-eu-central-1"


def test_the_topics_are_called_as_fab_status_looks_for_them():
    far = rented(lambda: rent(InfraSettings.read({**CONFIG, "monitoring": "detailed"}, "eu-central-1")))

    names = [one.inputs["name"] for one in far.of("Topic")]
    arns = [f"arn:aws:sns:{region}:1:{name}" for region, name in zip(("eu-central-1", "us-east-1"), names, strict=True)]
    assert _topics(arns[0]) == arns


def test_the_check_from_outside_says_the_name_of_the_site_before_it_asks(detailed):
    assert detailed.one("HealthCheck").inputs["enableSni"] is True


def test_a_build_that_takes_the_memory_for_some_minutes_alarms_nobody(basic):
    alarm = basic.one("MetricAlarm", "memory").inputs

    assert (alarm["period"], alarm["evaluationPeriods"], alarm["threshold"]) == (300, 3, 10)


def test_backups_in_a_folder_of_the_server_are_watched_as_well():
    names = {one.name for one in rented(monitoring="detailed", backups="false").of("MetricAlarm")}

    assert {"backup", "archive"} <= names


def test_the_budget_is_told_of_when_it_is_foreseen_to_be_exceeded(basic):
    budget = basic.one("Budget").inputs

    assert (budget["limitAmount"], budget["limitUnit"], budget["timeUnit"]) == ("50", "USD", "MONTHLY")
    assert budget["costFilters"] == [{"name": "TagKeyValue", "values": ["user:Server$invoices"]}]
    assert [one["notificationType"] for one in budget["notifications"]] == ["ACTUAL", "FORECASTED"]


def test_the_server_sends_figures_of_its_own_namespace_only(basic):
    (statement,) = json.loads(basic.one("UserPolicy", "figures").inputs["policy"])["Statement"]

    assert statement["Action"] == ["cloudwatch:PutMetricData"]
    assert statement["Condition"] == {"StringEquals": {"cloudwatch:namespace": "Invoices"}}


def test_switched_off_nothing_is_watched():
    stack = rented(monitoring="off")

    assert not {"Topic", "MetricAlarm", "HealthCheck", "Budget"} & stack.kinds()
    assert (stack.outputs["alarm_topic"], stack.outputs["metric_namespace"]) == ("", "")
