"""One page of CloudWatch says whether the cluster serves, how fast, what fails and how full it is."""

import json

import pytest
from pulumi import ResourceOptions
from support.dashboard_body import mistakes, overlaps
from support.pulumi_stack import CONFIG, REGION, rented
from support.watched_cluster import watched

from infra.cluster.alarms import alarms_of
from infra.cluster.dashboard import ClusterDashboard
from infra.settings import InfraSettings

SETTINGS = InfraSettings.read({**CONFIG, "shape": "cluster"}, REGION)


@pytest.fixture(scope="module")
def dashboard():
    alarm = "arn:aws:cloudwatch:us-east-1:1:alarm:invoices-cluster-down"

    def program():
        return {"dashboard": ClusterDashboard("dashboard", SETTINGS, watched(), [alarm], ResourceOptions()).name}

    return rented(program)


@pytest.fixture(scope="module")
def body(dashboard):
    return json.loads(dashboard.one("Dashboard").inputs["dashboardBody"])


def figures(body):
    return {one["properties"]["title"]: one["properties"] for one in body["widgets"] if one["type"] == "metric"}


def test_it_is_made_of_what_cloudwatch_takes(body):
    assert mistakes(body) == []


def test_nothing_stands_on_something_else(body):
    assert overlaps(body) == []


def test_it_answers_four_questions(body):
    titles = [title.split("?")[0] for title in figures(body)]

    assert titles[:5] == [
        "Does it serve", "How fast", "What fails", "How full are the tasks", "How full is the database",
    ]  # fmt: skip


def test_every_figure_that_has_an_alarm_is_on_it_or_is_that_of_the_certificate(body):
    shown = {(line[0], line[1]) for figure in figures(body).values() for line in figure["metrics"]}
    alarmed = {(one.namespace, one.metric) for one, _ in alarms_of(watched(), "invoices")}

    assert alarmed - shown == {("AWS/CertificateManager", "DaysToExpiry")}


def test_a_line_at_which_an_alarm_comes_is_that_of_the_alarm(body):
    drawn = {
        title.split("?")[0]: figure["annotations"]["horizontal"][0]["value"]
        for title, figure in figures(body).items()
        if "annotations" in figure
    }

    limits = {one.name: one.threshold for one, _ in alarms_of(watched(), "invoices")}
    assert drawn == {
        "How fast": limits["slow"], "How full is the database": limits["database-cpu"],
        "Backups an hour": limits["backup"],
    }  # fmt: skip


def test_the_alarms_and_the_errors_that_were_logged_stand_on_it(body):
    (alarms,) = [one["properties"]["alarms"] for one in body["widgets"] if one["type"] == "alarm"]
    (errors,) = [one["properties"]["query"] for one in body["widgets"] if one["type"] == "log"]

    assert alarms == ["arn:aws:cloudwatch:us-east-1:1:alarm:invoices-cluster-down"]
    assert errors.startswith("SOURCE '/invoices/invoices/cluster' | fields @timestamp, level, logger, message")


def test_all_figures_are_of_the_region_of_the_cluster(body):
    assert {figure["region"] for figure in figures(body).values()} == {"us-east-1"}


def test_its_name_is_put_out(dashboard):
    assert dashboard.outputs == {"dashboard": "invoices-cluster"}
