"""What is sent with the server's own narrow key arrives where the alarms wait for it."""

import json
from datetime import UTC, datetime, timedelta

import aws_key
import botocore.exceptions
import figures
import pytest
import reports
from support.pulumi_stack import rented
from support.server_scripts import CERTIFICATE

from infra.monitoring import NAMESPACE, _metrics_policy


@pytest.fixture(scope="module")
def key(aws):
    """The key of the server, which may send figures and nothing else."""
    iam = aws("iam")
    iam.create_user(UserName="invoices-server")
    iam.put_user_policy(UserName="invoices-server", PolicyName="figures", PolicyDocument=_without_conditions())
    made = iam.create_access_key(UserName="invoices-server")["AccessKey"]
    return {
        "region": "us-east-1", "access_key_id": made["AccessKeyId"], "secret_access_key": made["SecretAccessKey"],
        "namespace": NAMESPACE, "server": "invoices", "endpoint_url": aws("iam").meta.endpoint_url,
    }  # fmt: skip


def _without_conditions():
    """Return the server's own policy as far as ministack reads it: it knows no namespaces of figures."""
    policy = json.loads(_metrics_policy())
    for statement in policy["Statement"]:
        del statement["Condition"]
    return json.dumps(policy)


@pytest.fixture
def minute(server, key, monkeypatch, tmp_path):
    """Return a function that runs a minute of the script, with another key if one is given."""
    monkeypatch.setattr(aws_key, "FILE", tmp_path / "aws.json")
    known = {name: figures.PARTS[name] for name in ("Heartbeat", "MemoryAvailablePercent", "VerifiedBackupAgeHours")}
    monkeypatch.setattr(figures, "PARTS", known)

    def run(**changes):
        aws_key.FILE.write_text(json.dumps(key | changes))
        return figures.main()

    return run


def found(aws, name):
    """Return what CloudWatch knows of a figure of this server by now."""
    now = datetime.now(UTC)
    points = aws("cloudwatch").get_metric_statistics(
        Namespace="Invoices", MetricName=name, Dimensions=[{"Name": "Server", "Value": "invoices"}],
        StartTime=now - timedelta(hours=1), EndTime=now + timedelta(minutes=1), Period=60, Statistics=["Maximum"],
    )["Datapoints"]  # fmt: skip
    return [point["Maximum"] for point in points]


def test_a_figure_that_is_sent_is_there_under_the_server_s_name(aws, minute):
    assert minute() == 0

    assert found(aws, "Heartbeat") == [1.0]


def test_a_figure_that_cannot_be_taken_is_not_sent(aws, minute):
    minute()
    assert found(aws, "VerifiedBackupAgeHours") == []

    reports.keep("certificate", CERTIFICATE | {"backup": datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")})
    minute()
    assert found(aws, "VerifiedBackupAgeHours") == [0.0]


def test_the_key_sends_figures_and_reads_none(aws, key):
    with pytest.raises(botocore.exceptions.ClientError, match="not authorized"):
        found(lambda service: aws(service, key["access_key_id"], key["secret_access_key"]), "Heartbeat")


# What ministack cannot show is a figure that is missing: it waits for one.
BEYOND = {
    "DiskUsedPercent": (80, 81), "MemoryAvailablePercent": (10, 9), "VerifiedBackupAgeHours": (26, 27),
    "InodesUsedPercent": (80, 81), "UnarchivedWalSeconds": (300, 301), "CertificateLifePercent": (25, 24),
    "ServerErrors": (5, 6), "FailedUnits": (0, 1),
}  # fmt: skip


@pytest.fixture(scope="module")
def alarm(aws):
    """Return a function that sets an alarm as it is rented, and returns one that tells its state by now."""
    rented_alarms = {one.inputs["metricName"]: one.inputs for one in rented(monitoring="detailed").of("MetricAlarm")}
    cloudwatch = aws("cloudwatch")

    def set_up(metric):
        inputs = rented_alarms[metric]
        cloudwatch.put_metric_alarm(
            AlarmName=inputs["name"], Namespace=inputs["namespace"], MetricName=metric,
            Dimensions=[{"Name": name, "Value": value} for name, value in inputs["dimensions"].items()],
            Statistic=inputs["statistic"], Period=int(inputs["period"]),
            EvaluationPeriods=int(inputs["evaluationPeriods"]),
            Threshold=inputs["threshold"], ComparisonOperator=inputs["comparisonOperator"],
            TreatMissingData=inputs["treatMissingData"],
        )  # fmt: skip
        return lambda: cloudwatch.describe_alarms(AlarmNames=[inputs["name"]])["MetricAlarms"][0]["StateValue"]

    return set_up


def test_every_alarm_is_drilled():
    assert set(BEYOND) == set(figures.HIGHEST) | set(figures.LOWEST) - {"Heartbeat"}


@pytest.mark.parametrize("metric", BEYOND)
def test_an_alarm_is_well_at_its_limit_and_goes_off_beyond(minute, alarm, monkeypatch, metric):
    state = alarm(metric)
    states = []
    for value in BEYOND[metric]:
        parts = {"Heartbeat": lambda _at, _remembered: 1, metric: lambda _at, _remembered, value=value: value}
        monkeypatch.setattr(figures, "PARTS", parts)
        assert minute(server="drilled") == 0  # ministack's alarms look at the figure of every server
        states.append(state())

    assert states == ["OK", "ALARM"]


def test_where_no_alarms_are_rented_nothing_is_sent(minute):
    assert minute(namespace="", secret_access_key="another") == 0


def test_a_key_that_is_refused_is_said(minute):
    assert minute(secret_access_key="another") == 1

    assert "Figures are not sent" in reports.read("figures")["sentence"]
