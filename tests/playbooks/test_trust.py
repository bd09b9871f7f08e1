"""A server's key is kept once, from whoever can vouch for it, and never silently replaced."""

import json

import boto3
import paramiko
import pytest
from botocore.stub import Stubber
from invoke.context import Context
from support.recording_stack import FACTS

from playbooks import trust as module
from playbooks.steps import inventory
from playbooks.trust import trust

HOST = FACTS["host"]
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGV4YW1wbGUtcHVibGljLWtleS1vZi10aGUtb3BlcmF0"


@pytest.fixture
def kept(monkeypatch, tmp_path):
    folder = tmp_path / "kept"
    monkeypatch.setattr(inventory, "KEPT", folder)
    return folder / f"{HOST}.known_hosts"


@pytest.fixture
def server(tmp_path):
    def written(**facts):
        path = tmp_path / "server.json"
        path.write_text(json.dumps(FACTS | facts))
        return str(path)

    return written


@pytest.fixture
def shown(monkeypatch):
    key = paramiko.ECDSAKey.generate()
    monkeypatch.setattr(module, "shown", lambda _host: key)
    return key


def test_keys_that_the_file_knows_are_kept(kept, server, capsys):
    trust(Context(), server=server(host_keys=[KEY]))

    assert kept.read_text() == f"{HOST} {KEY}\n"
    assert "another will be refused from now on" in capsys.readouterr().out


def test_keys_are_those_that_aws_tells_of_a_server_rented_there(kept, server, monkeypatch):
    client = boto3.client("lightsail", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    kind, public = KEY.split()
    answer = {"accessDetails": {"hostKeys": [{"algorithm": kind, "publicKey": public}]}}
    with Stubber(client) as stubber:
        stubber.add_response("get_instance_access_details", answer, {"instanceName": "invoices-2", "protocol": "ssh"})
        monkeypatch.setattr(boto3, "client", lambda *_words, **_options: client)
        trust(Context(), server=server(region="us-east-1", instance_name="invoices-2"))

    assert kept.read_text() == f"{HOST} {KEY}\n"


def test_a_key_that_nobody_vouches_for_is_kept_only_when_a_person_says_so(kept, server, shown, monkeypatch):
    monkeypatch.setattr("rich.console.Console.input", lambda *_words: "n")

    with pytest.raises(SystemExit, match="Not trusted: nothing was kept"):
        trust(Context(), server=server())
    assert not kept.exists()

    monkeypatch.setattr("rich.console.Console.input", lambda *_words: "y")
    trust(Context(), server=server())
    assert kept.read_text() == f"{HOST} {shown.get_name()} {shown.get_base64()}\n"


def test_a_key_that_is_kept_is_not_replaced_without_a_word(kept, server, shown, capsys):
    kept.parent.mkdir()
    kept.write_text(f"{HOST} {KEY}\n")

    trust(Context(), server=server(), yes=True)
    assert "is kept already" in capsys.readouterr().out
    assert kept.read_text() == f"{HOST} {KEY}\n"

    trust(Context(), server=server(), yes=True, again=True)
    assert kept.read_text() == f"{HOST} {shown.get_name()} {shown.get_base64()}\n"
