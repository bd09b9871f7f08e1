"""`fab status` shows what the server saw of itself, and what keeps its alarms from being heard."""

import json

import boto3
import pytest
from botocore.stub import Stubber
from rich.console import Console
from support.recording_host import RecordingHost
from support.recording_stack import FACTS, OLD

from playbooks import status as module
from playbooks.steps import alarm_mails, self_reports
from playbooks.steps.progress import Steps
from playbooks.steps.session import Session
from provisioning.host import Ran
from provisioning.settings import HostSettings

NOW = {"date +%s": Ran(0, "1795856400\n")}  # 2026-11-28 09:00:00 UTC
TOPIC = "arn:aws:sns:us-east-1:123456789012:invoices-alarms"
FAR_TOPIC = "arn:aws:sns:eu-central-1:123456789012:invoices-alarms"
OUTSIDE = "arn:aws:sns:us-east-1:123456789012:invoices-outside-eu-central-1"


def reported(name, **report):
    host = RecordingHost(files={f"/var/lib/invoices/reports/{name}.json": json.dumps(report)}, answers=NOW)
    return [(told.is_well, told.line) for told in self_reports.newest(host)]


@pytest.mark.parametrize(
    ("at", "is_well", "line"),
    [
        ("2026-11-28T08:05:00Z", True, "Backup, 55 min ago: It was made."),
        ("2026-11-28T06:00:00Z", False, "Backup, 3 h ago: It was made. It should be newer."),
        ("2026-11-24T09:00:00Z", False, "Backup, 4 days ago: It was made. It should be newer."),
        ("soon", False, "Backup: the report is damaged; the next one replaces it."),
    ],
)
def test_the_newest_backup_is_told_with_its_age(at, is_well, line):
    assert reported("backup", at=at, ok=True, sentence="It was made.") == [(is_well, line)]


def test_a_certificate_that_was_refused_is_not_well():
    assert reported("certificate", at="2026-11-28T02:00:00Z", ok=False, sentence="A payment is missing.") == [
        (False, "Verified backup, 7 h ago: A payment is missing.")
    ]


def test_what_was_never_reported_is_passed_over():
    assert list(self_reports.newest(RecordingHost(answers=NOW))) == []


@pytest.mark.parametrize(
    ("listed", "is_well", "line"),
    [
        ("invoices-logs.timer loaded active waiting Logs\n", True, "Timers: 1 are active."),
        (
            "invoices-logs.timer loaded inactive dead Logs\n",
            False,
            "Timers: invoices-logs.timer is inactive: run `fab provision`.",
        ),
        ("", False, "Timers: there are none yet: run `fab provision`."),
    ],
)
def test_timers_that_do_not_run_are_named(listed, is_well, line):
    host = RecordingHost(answers={"systemctl list-units *": Ran(0, listed)})

    told = self_reports.timers(host)

    assert (told.is_well, told.line) == (is_well, line)


@pytest.fixture
def shown(command):
    """Return a function that shows the status of a server with images of such an age."""

    def show(days=3, old_lock=False):
        images = [{"service": "app", "image": "invoices-app:old", "days": days}]
        report = {"at": "2026-11-28T08:55:00Z", "ok": True, "sentence": "The server is well.", "images": images}
        command.server.files["/var/lib/invoices/reports/server.json"] = json.dumps(report)
        command.server.answers |= NOW | {
            "docker ps * label=com.docker.compose.oneoff=False --format *": Ran(
                0, f"1 {OLD} invoices-app:old running\n"
            ),
            "df *": Ran(0, "38%\n"),
            "cat /proc/loadavg": Ran(0, "0 0 0\n"),
            "cat /proc/meminfo": Ran(0, "MemAvailable: 1 kB\n"),
        }
        return command.run(module, "status")

    return show


def test_status_shows_what_the_server_says_of_itself(shown):
    assert "Server, 5 min ago: The server is well." in shown()


def test_status_shows_the_age_of_each_image(shown):
    assert "3 days" in shown()
    assert "36 days, `fab deploy --refresh`" in shown(days=36)


@pytest.mark.parametrize(("found", "style"), [("/opt/invoices/lock\n", "red"), ("", "yellow")])
def test_a_lock_that_was_left_behind_is_red(found, style):
    host = RecordingHost(answers={"find /opt/invoices/lock -maxdepth 0 -mmin +60": Ran(0, found)})
    session = Session(HostSettings.from_outputs(FACTS), host, Steps(Console(quiet=True)))

    assert module._style_of_lock(session) == style


@pytest.fixture
def aws(monkeypatch):
    """Return a function that says what AWS answers about a topic: an address with its state, or an error."""
    stubs = {}

    def client(_service, region_name):
        return stubs[region_name].client

    def answers(topic, *subscriptions, error=""):
        region = topic.split(":")[3]
        made = boto3.session.Session(aws_access_key_id="x", aws_secret_access_key="x").client("sns", region)
        stubs[region] = Stubber(made)
        if error:
            stubs[region].add_client_error("list_subscriptions_by_topic", error, "no")
        else:
            found = [{"Endpoint": address, "SubscriptionArn": state} for address, state in subscriptions]
            stubs[region].add_response("list_subscriptions_by_topic", {"Subscriptions": found}, {"TopicArn": topic})
        stubs[region].activate()

    monkeypatch.setattr(alarm_mails.boto3, "client", client)
    return answers


def unheard(topic):
    return list(alarm_mails.unheard(HostSettings.from_outputs(FACTS | {"alarm_topic": topic})))


def test_where_no_alarms_are_rented_nobody_is_asked():
    assert unheard("") == []


def test_alarms_that_were_confirmed_are_not_mentioned(aws):
    aws(TOPIC, ("you@example.com", f"{TOPIC}:1"))

    assert unheard(TOPIC) == []


def test_an_address_that_did_not_confirm_is_named_with_what_to_do(aws):
    aws(TOPIC, ("you@example.com", "PendingConfirmation"))

    assert unheard(TOPIC) == [
        "Alarms do not reach you@example.com yet: confirm the mail from AWS, `docs/operations.md` says how."
    ]


def test_alarms_that_a_mail_server_unsubscribed_are_said_to_reach_nobody(aws):
    aws(TOPIC, ("you@example.com", "Deleted"))

    assert unheard(TOPIC) == [
        "Alarms of invoices-alarms reach nobody: "
        "run `pulumi up --refresh`, and confirm the mail, `docs/operations.md` says how."
    ]


def test_the_alarm_from_outside_has_a_mail_of_its_own_to_be_confirmed(aws):
    aws(FAR_TOPIC, ("you@example.com", f"{FAR_TOPIC}:1"))
    aws(OUTSIDE, ("you@example.com", "PendingConfirmation"))

    assert len(unheard(FAR_TOPIC)) == 1


def test_without_a_check_from_outside_its_topic_is_not_missed(aws):
    aws(FAR_TOPIC, ("you@example.com", f"{FAR_TOPIC}:1"))
    aws(OUTSIDE, error="NotFound")

    assert unheard(FAR_TOPIC) == []


def test_where_aws_cannot_be_asked_that_is_said(aws):
    aws(TOPIC, error="AccessDenied")

    (sentence,) = unheard(TOPIC)
    assert sentence.startswith("Whether alarms reach anybody cannot be told: ")
