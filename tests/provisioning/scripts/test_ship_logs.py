"""Kept lines arrive in CloudWatch, once and in order, where that is rented; what cannot be sent waits."""

import json
from datetime import UTC, datetime, timedelta

import aws_key
import botocore.exceptions
import keep_logs
import kept_lines
import pytest
import reports
import ship_logs
from support.pulumi_stack import rented

GROUP = "/invoices/invoices"
NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def key(aws):
    """The key of the server, which may add lines to its own group and nothing else."""
    iam = aws("iam")
    iam.create_user(UserName="invoices-logs")
    rights = rented(logs="cloudwatch").one("UserPolicy", "logs").inputs["policy"]
    own = rights.replace("arn:aws:logs:us-east-1:1:", "arn:aws:logs:us-east-1:000000000000:")
    iam.put_user_policy(UserName="invoices-logs", PolicyName="logs", PolicyDocument=own)
    made = iam.create_access_key(UserName="invoices-logs")["AccessKey"]
    return {
        "region": "us-east-1", "access_key_id": made["AccessKeyId"], "secret_access_key": made["SecretAccessKey"],
        "endpoint_url": aws("iam").meta.endpoint_url,
    }  # fmt: skip


@pytest.fixture
def group(aws):
    logs = aws("logs")
    logs.create_log_group(logGroupName=GROUP)
    yield GROUP
    logs.delete_log_group(logGroupName=GROUP)


@pytest.fixture
def ship(server, key, monkeypatch, tmp_path):
    """Return a function that sends what was kept."""
    monkeypatch.setattr(aws_key, "FILE", tmp_path / "aws.json")
    monkeypatch.setattr(ship_logs, "GROUP", tmp_path / "logs.json")
    monkeypatch.setattr(kept_lines, "FOLDER", tmp_path)
    aws_key.FILE.write_text(json.dumps(key))
    ship_logs.GROUP.write_text(json.dumps({"log_group": GROUP}))
    return lambda: ship_logs.ship(tmp_path, NOW)


def kept(service, *lines):
    """Keep lines, each with the minutes that it is old."""
    with (kept_lines.FOLDER / f"{service}.log").open("a") as file:
        for minutes, text in lines:
            moment = (NOW - timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%S.123456789Z")
            file.write(f"invoices-{service}-1 {moment} {text}\n")


def arrived(aws, service):
    found = aws("logs").get_log_events(logGroupName=GROUP, logStreamName=service, startFromHead=True)["events"]
    return [event["message"] for event in found]


def test_each_service_has_a_stream_of_its_own(aws, group, ship):
    kept("app", (10, "from the app"))
    kept("db", (9, "from the database"))

    ship()

    assert (arrived(aws, "app"), arrived(aws, "db")) == (["from the app"], ["from the database"])


def test_a_line_is_sent_once(aws, group, ship):
    kept("app", (10, "one"))
    ship()
    kept("app", (5, "two"))
    ship()

    assert arrived(aws, "app") == ["one", "two"]


def test_lines_of_two_containers_are_sent_by_moment(aws, group, ship):
    kept("app", (10, "one"), (6, "three"), (8, "two"))

    ship()

    assert arrived(aws, "app") == ["one", "two", "three"]


def test_what_could_not_be_sent_is_sent_later(aws, group, ship, key):
    kept("app", (10, "one"))
    aws_key.FILE.write_text(json.dumps(key | {"secret_access_key": "another"}))
    with pytest.raises(botocore.exceptions.ClientError):
        ship()

    aws_key.FILE.write_text(json.dumps(key))
    ship()
    assert arrived(aws, "app") == ["one"]


def test_what_cloudwatch_takes_no_more_is_passed_over(aws, group, ship):
    kept("app", (20 * 24 * 60, "too old"), (5, "new"))

    ship()

    assert arrived(aws, "app") == ["new"]


def test_the_server_cannot_take_its_lines_back(aws, group, key):
    logs = aws("logs", key["access_key_id"], key["secret_access_key"])

    with pytest.raises(botocore.exceptions.ClientError, match="not authorized"):
        logs.delete_log_group(logGroupName=GROUP)


def test_where_no_group_is_rented_nothing_is_sent(ship):
    ship_logs.GROUP.write_text(json.dumps({"log_group": ""}))
    kept("app", (10, "one"))

    ship()

    assert not (kept_lines.FOLDER / ship_logs.STATE).exists()


@pytest.mark.parametrize(
    ("lines", "sizes"),
    [
        ([("2026-11-28T09:00:00Z", "x")] * 10_001, [10_000, 1]),
        ([("2026-11-28T09:00:00Z", "x" * 400_000)] * 20, [16, 4]),
        ([("2026-11-28T23:59:59Z", "x"), ("2026-11-29T00:00:00Z", "x")], [1, 1]),
        ([], []),
    ],
)
def test_a_call_takes_no_more_than_it_may(lines, sizes):
    assert [len(batch) for batch in ship_logs.batches(lines)] == sizes


def test_lines_are_kept_also_where_none_can_be_sent(server, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(kept_lines, "FOLDER", tmp_path)
    monkeypatch.setattr(keep_logs, "keep", lambda _container, since: since or "2026-11-28T09:00:00Z")
    monkeypatch.setattr(ship_logs, "GROUP", tmp_path / "logs.json")
    ship_logs.GROUP.write_text("{half")
    monkeypatch.setattr(reports, "now", lambda: NOW)

    assert keep_logs.main_of_timer() == 1

    assert (tmp_path / ".kept.json").exists()
    assert capsys.readouterr().err.startswith("Logs are not sent: ")
