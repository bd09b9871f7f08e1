"""Somebody hears of it when the cluster does not serve, is slow, fails, fills up or is not backed up."""

import json
from pathlib import Path

import pytest
from pulumi import ResourceOptions
from support.pulumi_stack import CONFIG, REGION, rented
from support.watched_cluster import watched

from infra.cluster.alarms import ClusterAlarms
from infra.cluster.costs import ALARMS
from infra.settings import InfraSettings

ROOT = Path(__file__).parents[2]


def alarms(size="small", **changes):
    settings = InfraSettings.read({**CONFIG, "shape": "cluster", "clusterSize": size, **changes}, REGION)

    def program():
        made = ClusterAlarms("alarms", settings, watched(size), ResourceOptions())
        return {"topic": made.topic}

    return rented(program)


@pytest.fixture(scope="module")
def stack():
    return alarms()


def alarm(stack, name):
    return stack.one("MetricAlarm", f"cluster-{name}").inputs


def test_what_is_watched_is_whether_it_serves_how_fast_what_fails_and_how_full_it_is(stack):
    assert [one.name.removeprefix("cluster-") for one in stack.of("MetricAlarm")] == [
        "backup", "balancer-errors", "certificate", "database-connections", "database-cpu", "database-storage", "down",
        "errors", "server-errors", "slow", "too-few-tasks", "unhealthy", "worker",
    ]  # fmt: skip


def test_all_alarms_are_counted_in_what_the_cluster_costs(stack):
    assert len(stack.of("MetricAlarm")) == ALARMS


def test_every_alarm_sends_a_mail_when_it_begins_and_when_it_ends(stack):
    silent = [
        one.name for one in stack.of("MetricAlarm") if not (one.inputs["alarmActions"] and one.inputs["okActions"])
    ]

    assert silent == []


def test_mails_go_to_the_operator(stack):
    mail = stack.one("TopicSubscription").inputs

    assert (mail["protocol"], mail["endpoint"]) == ("email", "you@example.com")


def test_every_alarm_and_event_has_a_line_of_what_to_do(stack):
    page = (ROOT / "docs" / "operations.md").read_text()
    names = [one.inputs["name"].removeprefix("invoices-cluster-") for one in stack.of("MetricAlarm")]
    names += [stack.one("EventSubscription").inputs["name"].removeprefix("invoices-cluster-")]
    names += [stack.one("EventRule").inputs["name"].removeprefix("invoices-cluster-")]

    assert [name for name in names if f"| `{name}` |" not in page] == []


def test_no_target_at_all_is_no_figure_and_means_that_the_site_is_down(stack):
    down = alarm(stack, "down")

    assert (down["treatMissingData"], down["metricName"], down["threshold"], down["statistic"]) == (
        "breaching", "HealthyHostCount", 1, "Minimum",
    )  # fmt: skip


@pytest.mark.parametrize(("size", "app", "worker"), [("small", 2, 1), ("large", 3, 2)])
def test_fewer_tasks_than_the_size_has_are_noticed(size, app, worker):
    stack = alarms(size)

    assert (alarm(stack, "too-few-tasks")["threshold"], alarm(stack, "worker")["threshold"]) == (app, worker)


def test_a_worker_that_does_not_run_sends_no_figure_and_is_noticed(stack):
    worker = alarm(stack, "worker")

    assert worker["treatMissingData"] == "breaching"
    assert worker["dimensions"] == {"ClusterName": "invoices", "ServiceName": "invoices-worker"}


def test_how_slow_requests_are_is_watched_by_a_percentile(stack):
    slow = alarm(stack, "slow")

    assert (slow["extendedStatistic"], "statistic" in slow, slow["threshold"]) == ("p95", False, 2)


def test_two_hours_without_a_backup_are_an_alarm(stack):
    backup = alarm(stack, "backup")

    assert (backup["period"], backup["evaluationPeriods"], backup["threshold"], backup["treatMissingData"]) == (
        3600, 2, 1, "breaching",
    )  # fmt: skip


def test_storage_is_watched_before_the_database_is_full(stack):
    storage = alarm(stack, "database-storage")

    assert (storage["threshold"], storage["comparisonOperator"]) == (3_000_000_000, "LessThanThreshold")


def test_without_backups_none_is_missed():
    stack = alarms(backups="false")

    assert "cluster-backup" not in {one.name for one in stack.of("MetricAlarm")}
    assert len(stack.of("MetricAlarm")) == ALARMS - 1


def test_figures_of_logs_are_those_of_this_stack_alone():
    spaces = {
        one.inputs["metricTransformation"]["namespace"] for one in alarms(serverName="till").of("LogMetricFilter")
    }

    assert spaces == {"Invoices/till"}


def test_what_filters_count_is_what_alarms_watch(stack):
    counted = {
        (one.inputs["metricTransformation"]["namespace"], one.inputs["metricTransformation"]["name"])
        for one in stack.of("LogMetricFilter")
    }

    watching = {(alarm(stack, name)["namespace"], alarm(stack, name)["metricName"]) for name in ("errors", "backup")}
    assert counted == watching


def test_a_failover_of_the_database_is_mailed(stack):
    events = stack.one("EventSubscription").inputs

    assert (events["sourceType"], events["sourceIds"]) == ("db-instance", ["invoices"])
    assert {"failover", "failure", "low storage"} <= set(events["eventCategories"])


def test_a_deployment_that_was_rolled_back_is_mailed_with_its_reason(stack):
    pattern = json.loads(stack.one("EventRule").inputs["eventPattern"])
    words = stack.one("EventTarget").inputs["inputTransformer"]

    assert pattern["resources"] == [{"wildcard": "arn:*:service/invoices/*"}]
    assert "SERVICE_DEPLOYMENT_FAILED" in pattern["detail"]["eventName"]
    assert words["inputPaths"]["reason"] == "$.detail.reason"
    assert json.loads(words["inputTemplate"]) == "<event> of <service>. <reason> See what `fab status` says."


def test_the_topic_takes_what_cloudwatch_the_database_and_events_send(stack):
    statements = json.loads(stack.one("TopicPolicy").inputs["policy"])["Statement"]

    assert {one["Principal"]["Service"]: one.get("Condition") for one in statements} == {
        "cloudwatch.amazonaws.com": {"StringEquals": {"aws:SourceAccount": "1"}},
        "events.rds.amazonaws.com": {"StringEquals": {"aws:SourceAccount": "1"}},
        "events.amazonaws.com": None,
    }


def test_a_cluster_alone_has_the_budget_which_the_server_has_otherwise(stack):
    budgets = [one.inputs["limitAmount"] for one in stack.of("Budget")]

    assert (budgets, "Budget" in alarms(shape="both").kinds()) == (["175"], False)


def test_names_are_others_than_those_of_the_server_beside_it(stack):
    server = {one.inputs["name"] for kind in ("MetricAlarm", "Topic") for one in rented(monitoring="detailed").of(kind)}
    cluster = {one.inputs["name"] for kind in ("MetricAlarm", "Topic") for one in stack.of(kind)}

    assert server & cluster == set()
