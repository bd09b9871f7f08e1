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


@pytest.fixture
def lightsail(monkeypatch):
    """AWS, whose answers a test adds."""
    client = boto3.client("lightsail", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    monkeypatch.setattr(boto3, "client", lambda *_words, **_options: client)
    with Stubber(client) as stubber:
        yield stubber


@pytest.fixture
def waits(monkeypatch):
    """Return for how many seconds it would have waited each time."""
    paused = []
    monkeypatch.setattr("time.sleep", paused.append)
    return paused


RENTED = {"region": "us-east-1", "instance_name": "invoices-2"}
ASKED = {"instanceName": "invoices-2", "protocol": "ssh"}
UNKNOWN = {"accessDetails": {"hostKeys": []}}
KNOWN = {"accessDetails": {"hostKeys": [{"algorithm": KEY.split(maxsplit=1)[0], "publicKey": KEY.split()[1]}]}}


def test_keys_are_those_that_aws_tells_of_a_server_rented_there(kept, server, lightsail):
    lightsail.add_response("get_instance_access_details", KNOWN, ASKED)

    trust(Context(), server=server(**RENTED))

    assert kept.read_text() == f"{HOST} {KEY}\n"


def test_a_server_that_starts_for_the_first_time_is_waited_for(kept, server, lightsail, waits, capsys):
    for answer in (UNKNOWN, {"accessDetails": {}}, KNOWN):
        lightsail.add_response("get_instance_access_details", answer, ASKED)

    trust(Context(), server=server(**RENTED))

    assert kept.read_text() == f"{HOST} {KEY}\n"
    assert waits == [10, 10]
    assert "AWS does not know the host keys of invoices-2 yet; waiting for 10 of 420 s …" in capsys.readouterr().out


def test_a_server_that_is_not_ready_to_be_asked_about_is_waited_for(kept, server, lightsail, waits):
    lightsail.add_client_error("get_instance_access_details", "OperationFailureException", "It is pending.")
    lightsail.add_response("get_instance_access_details", KNOWN, ASKED)

    trust(Context(), server=server(**RENTED))

    assert kept.read_text() == f"{HOST} {KEY}\n"
    assert waits == [10]


def test_a_server_that_aws_never_sees_is_given_up(kept, server, lightsail, waits):
    for _ in range(43):
        lightsail.add_response("get_instance_access_details", UNKNOWN, ASKED)

    with pytest.raises(
        SystemExit, match=r"AWS does not know the host keys of invoices-2: is it running\? .*--unverified"
    ):
        trust(Context(), server=server(**RENTED))

    assert sum(waits) == 420
    assert not kept.exists()


def test_where_aws_cannot_be_asked_it_says_why_and_shows_nothing_to_confirm(kept, server, lightsail, monkeypatch):
    lightsail.add_client_error("get_instance_access_details", "AccessDeniedException", "Not authorized.")
    monkeypatch.setattr(module, "shown", lambda _host: pytest.fail("nobody vouches for it"))

    with pytest.raises(SystemExit) as told:
        trust(Context(), server=server(**RENTED), yes=True)

    assert str(told.value) == (
        "AWS could not be asked for the host keys of invoices-2 (An error occurred (AccessDeniedException) when "
        "calling the GetInstanceAccessDetails operation: Not authorized.): sign in to AWS as for `pulumi up`, or "
        "compare by eye what the server shows, with --unverified."
    )
    assert not kept.exists()


def test_a_rented_server_is_compared_by_eye_only_when_that_is_asked_for(kept, server, shown, monkeypatch, capsys):
    monkeypatch.setattr("rich.console.Console.input", lambda *_words: "y")

    trust(Context(), server=server(**RENTED), unverified=True)

    assert kept.read_text() == f"{HOST} {shown.get_name()} {shown.get_base64()}\n"
    assert "Lightsail's console, in the browser, which gets in while sshFromBrowser is true" in capsys.readouterr().out


def test_a_key_that_nobody_vouches_for_is_kept_only_when_a_person_says_so(kept, server, shown, monkeypatch):
    monkeypatch.setattr("rich.console.Console.input", lambda *_words: "n")

    with pytest.raises(SystemExit, match="Not trusted: nothing was kept"):
        trust(Context(), server=server())
    assert not kept.exists()

    monkeypatch.setattr("rich.console.Console.input", lambda *_words: "y")
    trust(Context(), server=server())
    assert kept.read_text() == f"{HOST} {shown.get_name()} {shown.get_base64()}\n"


def test_where_nobody_can_answer_nothing_is_kept(kept, server, shown, monkeypatch):
    monkeypatch.setattr("builtins.input", lambda *_words: (_ for _ in ()).throw(EOFError))

    with pytest.raises(SystemExit, match="Not trusted: nothing was kept"):
        trust(Context(), server=server())

    assert shown
    assert not kept.exists()


def test_a_key_that_is_kept_is_not_replaced_without_a_word(kept, server, shown, capsys):
    kept.parent.mkdir()
    kept.write_text(f"{HOST} {KEY}\n")

    trust(Context(), server=server(), yes=True)
    assert "is kept already" in capsys.readouterr().out
    assert kept.read_text() == f"{HOST} {KEY}\n"

    trust(Context(), server=server(), yes=True, again=True)
    assert kept.read_text() == f"{HOST} {shown.get_name()} {shown.get_base64()}\n"
