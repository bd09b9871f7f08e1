"""The app's keys outlive their server in a Secrets Manager, which a program on this machine plays."""

import json
from itertools import count

import boto3
import pytest
from botocore.stub import Stubber
from support.recording_host import RecordingHost
from support.recording_stack import FACTS
from support.s3_server import REGION, running_s3_server

from playbooks import stack_secrets
from playbooks.steps import app_secret
from playbooks.steps.session import RefusedError, Session, UnfinishedError
from playbooks.steps.stack import Stack
from provisioning.host import Ran
from provisioning.settings import HostSettings

FOLDER = "/var/lib/docker/volumes/invoices_secrets-app/_data"
KEYS = {"secret_key": "k" * 64, "secret_keys_before": "", "smtp_url": "smtp://ann:hidden@mail.example.com"}
NUMBERS = count()
NO_VOLUME = {"docker volume inspect invoices_secrets-app": Ran(1, "", "no such volume")}


@pytest.fixture(scope="module")
def aws():
    with running_s3_server() as server:
        yield server


@pytest.fixture
def secret(aws, monkeypatch):
    """An empty secret as it was rented, and the operator's own credentials; returns its client and name."""
    client = aws.client(service="secretsmanager")
    arn = client.create_secret(Name=f"invoices/app-{next(NUMBERS)}")["ARN"]
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws.endpoint)
    _sign_in(monkeypatch, "test", "test")
    return Secret(client, arn)


class Secret:
    def __init__(self, client, arn):
        self.client, self.arn = client, arn

    @property
    def value(self):
        return json.loads(self.client.get_secret_value(SecretId=self.arn)["SecretString"])

    @property
    def versions(self):
        return len(self.client.list_secret_version_ids(SecretId=self.arn, IncludeDeprecated=True)["Versions"])


def _sign_in(monkeypatch, key_id, key):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key)


def settings(arn):
    return HostSettings.from_outputs(FACTS | {"app_secret": arn})


def server(keys=KEYS):
    """Return a server that has these keys."""
    return RecordingHost(
        files={f"{FOLDER}/{name}": text for name, text in keys.items()},
        answers={"docker volume inspect --format *": Ran(0, f"{FOLDER}\n")},
    )


class Notes:
    def __init__(self):
        self.said = []

    def note(self, text):
        self.said.append(text)


def kept(host, arn):
    notes = Notes()
    app_secret.keep(Session(settings(arn), host, notes))
    return notes.said


def test_the_keys_are_copied_after_the_first_deploy_and_then_only_when_they_change(secret):
    assert len(kept(server(), secret.arn)) == 1
    first = secret.versions
    assert kept(server(), secret.arn) == []

    assert secret.value == KEYS
    assert secret.versions == first


def test_keys_that_were_rotated_replace_the_copy(secret):
    kept(server(), secret.arn)
    rotated = KEYS | {"secret_key": "n" * 64, "secret_keys_before": "k" * 64}

    kept(server(rotated), secret.arn)

    assert secret.value == rotated


def test_a_server_in_place_of_a_lost_one_goes_on_with_its_keys(secret):
    kept(server(), secret.arn)
    new = RecordingHost(answers=NO_VOLUME)

    app_secret.make_all(Stack(new, "abc"), app_secret.of_server_before(new, settings(secret.arn)))

    assert new.acted[-1].endswith("run --rm --no-deps -T secrets invoices secrets --set-app-keys")
    assert json.loads(new.stdin[-1]) == KEYS
    assert "hidden" not in new.acted[-1]


def test_the_very_first_server_makes_its_own(secret):
    new = RecordingHost(answers=NO_VOLUME)

    app_secret.make_all(Stack(new, "abc"), app_secret.of_server_before(new, settings(secret.arn)))

    assert new.acted[-1].endswith("run --rm --no-deps -T secrets")
    assert new.stdin == [""]


def test_a_secret_without_a_value_is_empty_also_as_aws_says_it(monkeypatch):
    client = boto3.client("secretsmanager", region_name=REGION, aws_access_key_id="a", aws_secret_access_key="b")
    monkeypatch.setattr(app_secret, "_client", lambda _arn: client)
    with Stubber(client) as stubber:
        stubber.add_client_error("get_secret_value", "ResourceNotFoundException", "AWSCURRENT is not there.")
        found = app_secret.of_server_before(RecordingHost(answers=NO_VOLUME), settings("arn:of:it"))

    assert found == {}


def test_a_server_that_has_keys_keeps_them(secret):
    kept(server(), secret.arn)

    assert app_secret.of_server_before(server(KEYS | {"secret_key": "o" * 64}), settings(secret.arn)) == {}


def test_where_no_secret_is_rented_nothing_is_asked(monkeypatch):
    monkeypatch.setattr(app_secret, "_client", lambda _arn: pytest.fail("AWS is asked"))
    host = RecordingHost()

    assert app_secret.of_server_before(host, settings("")) == {}
    assert kept(host, "") == []
    assert host.asked == []


def test_a_new_server_is_not_deployed_to_while_aws_refuses(secret, monkeypatch):
    _sign_in(monkeypatch, "AKIAUNKNOWN", "wrong")

    with pytest.raises(RefusedError, match=r"The keys of the server before are not read from arn:aws:.*sign in to AWS"):
        app_secret.of_server_before(RecordingHost(answers=NO_VOLUME), settings(secret.arn))


def test_a_deploy_says_that_it_serves_though_aws_refuses_the_copy(secret, monkeypatch):
    _sign_in(monkeypatch, "AKIAUNKNOWN", "wrong")

    with pytest.raises(
        UnfinishedError, match=r"it serves, but its keys are not copied to arn:.* run `fab deploy` again"
    ):
        kept(server(), secret.arn)


@pytest.mark.parametrize("text", ["a note of somebody", "[]", '{"secret_key": "k"}', '{"smtp_url": ""}'])
def test_a_value_that_is_not_ours_is_neither_used_nor_written_over(secret, text):
    secret.client.put_secret_value(SecretId=secret.arn, SecretString=text)

    with pytest.raises(RefusedError, match="holds no keys of the app: put back its version AWSPREVIOUS"):
        app_secret.of_server_before(RecordingHost(answers=NO_VOLUME), settings(secret.arn))
    with pytest.raises(UnfinishedError, match="holds no keys of the app"):
        kept(server(), secret.arn)
    assert secret.client.get_secret_value(SecretId=secret.arn)["SecretString"] == text


def test_the_region_is_that_of_the_secret():
    client = app_secret._client(f"arn:aws:secretsmanager:{REGION}:1:secret:invoices/app")

    assert client.meta.region_name == "us-east-1"


@pytest.mark.parametrize("options", [{"rotate": "signing-key"}, {"mail": True}])
def test_changed_secrets_are_copied_once_they_are_used(secret, command, monkeypatch, options):
    monkeypatch.setattr("playbooks.steps.takeover.wait_until_served", lambda *_words, **_options: None)
    monkeypatch.setattr("playbooks.steps.switching._HANDING_OVER_SECONDS", 0)
    monkeypatch.setattr("getpass.getpass", lambda _question: KEYS["smtp_url"])
    command.facts["app_secret"] = secret.arn
    command.server.started = "2 invoices-app-2 invoices-app:old running"
    command.server.files |= server().files
    command.server.answers |= server().answers | {"readlink *": Ran(0, "/opt/invoices/releases/old\n")}

    command.run(stack_secrets, "stack_secrets", **options)

    assert secret.value == KEYS
