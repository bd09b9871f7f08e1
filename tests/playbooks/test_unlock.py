"""`fab unlock` opens the disk of a server that rebooted, and starts what waits for it."""

import io
import json

import boto3
import pytest
from botocore.stub import Stubber
from rich.console import Console

from playbooks import status, unlock
from playbooks.steps import disk_keys
from provisioning.host import HostError, Ran
from provisioning.settings import HostSettings

LOCKED = {"exists": True, "is_open": False, "is_moved": False, "keys": 2}
STATE = "python3 *encrypted_disk.py state"
SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:disk-1"


@pytest.fixture
def home(monkeypatch, tmp_path):
    monkeypatch.setattr(disk_keys, "FOLDER", tmp_path)
    return tmp_path


@pytest.fixture
def locked(command, home):
    command.server.answers |= {STATE: Ran(0, json.dumps(LOCKED)), "systemctl is-active *": Ran(3, "")}
    return command


@pytest.fixture
def key_file(locked, home):
    path = home / f"{locked.facts['domain']}.disk-key"
    path.write_text("# the key\nthe-disk-key\n")
    return path


@pytest.fixture
def secret(locked, monkeypatch):
    locked.facts |= {"disk_encryption": "secretsmanager", "disk_secret": SECRET, "region": "us-east-1"}
    client = boto3.client("secretsmanager", region_name="us-east-1")
    monkeypatch.setattr(boto3, "client", lambda _service, region_name: client)
    with Stubber(client) as stub:
        yield stub


def sent(server, line):
    return [text for acted, text in zip(server.acted, server.stdin, strict=True) if acted.startswith(line)]


def test_the_key_of_this_machine_opens_the_disk_and_docker_is_started(locked, key_file):
    printed = locked.run(unlock, "unlock")

    assert sent(locked.server, "cryptsetup open") == ["the-disk-key"]
    assert "systemctl start invoices-disk.service docker.service" in locked.server.acted
    assert "its disk is open." in printed


def test_the_key_in_the_secret_opens_the_disk(locked, secret):
    secret.add_response("get_secret_value", {"SecretString": "kept-by-aws"}, {"SecretId": SECRET})

    locked.run(unlock, "unlock")

    assert sent(locked.server, "cryptsetup open") == ["kept-by-aws"]


def test_without_the_key_it_says_where_to_copy_it_to(locked, home):
    told = locked.refused(unlock, "unlock")

    assert told == (
        f"{home}/{locked.facts['domain']}.disk-key cannot be read (No such file or directory): copy it from where it "
        "is kept, or run `fab unlock --recovery`."
    )


def test_the_recovery_key_opens_it_however_its_groups_are_typed(locked, monkeypatch):
    monkeypatch.setattr("getpass.getpass", lambda _asked: "abcde-FGHIJ klmno\n")

    locked.run(unlock, "unlock", recovery=True)

    assert sent(locked.server, "cryptsetup open") == ["ABCDEFGHIJKLMNO"]


def test_with_the_recovery_key_a_new_key_takes_the_place_of_the_lost_one(locked, home, monkeypatch):
    monkeypatch.setattr("getpass.getpass", lambda _asked: "ABCDE")

    locked.run(unlock, "unlock", recovery=True, new_key=True)

    path = home / f"{locked.facts['domain']}.disk-key"
    new = path.read_text().splitlines()[1]
    assert path.stat().st_mode & 0o777 == 0o600
    assert sent(locked.server, "bash") == [f"ABCDE\n{new}\n"]


def test_a_key_that_is_here_is_not_written_over(locked, key_file, monkeypatch):
    monkeypatch.setattr("getpass.getpass", lambda _asked: "ABCDE")

    told = locked.refused(unlock, "unlock", recovery=True, new_key=True)

    assert told == (
        "The key was not replaced, the recovery key still opens the disk. "
        f"{key_file} is there already: move it away first if it does not open the disk."
    )
    assert key_file.read_text() == "# the key\nthe-disk-key\n"


def test_a_wrong_recovery_key_leaves_the_secret_as_it_is(locked, secret, monkeypatch):
    monkeypatch.setattr("getpass.getpass", lambda _asked: "MISTYPED")
    locked.server.answers |= {
        STATE: Ran(0, json.dumps(LOCKED | {"is_open": True})), "cryptsetup open * --test-passphrase *": Ran(2, ""),
    }  # fmt: skip

    told = locked.refused(unlock, "unlock", recovery=True, new_key=True)  # a request to AWS would fail here

    assert told.startswith("The key was not replaced, the recovery key still opens the disk. ")
    assert "this key does not open" in told
    assert sent(locked.server, "bash") == []


def test_a_new_key_takes_the_recovery_key(command):
    assert command.refused(unlock, "unlock", new_key=True) == (
        "--new-key goes with --recovery: the recovery key is what lets another one in."
    )


def test_a_server_that_is_open_is_left_as_it_is(locked):
    locked.server.answers |= {
        STATE: Ran(0, json.dumps(LOCKED | {"is_open": True})), "systemctl is-active *": Ran(0, ""),
    }  # fmt: skip

    locked.run(unlock, "unlock")

    assert locked.server.acted == []


def test_docker_that_did_not_start_is_started_by_the_next_run(locked):
    locked.server.answers[STATE] = Ran(0, json.dumps(LOCKED | {"is_open": True}))

    locked.run(unlock, "unlock")

    assert "systemctl start invoices-disk.service docker.service" in locked.server.acted


def test_a_server_without_such_a_disk_says_so(command):
    assert command.refused(unlock, "unlock").endswith(
        "it has no encrypted disk: diskEncryption and `fab provision` make one."
    )


def test_the_state_of_a_locked_server_is_one_line(locked):
    printed = locked.run(status, "status")

    assert printed == f"{locked.server.name}: its encrypted disk is locked, and nothing serves: run `fab unlock`.\n"


def test_the_first_key_is_made_once_and_kept(locked, home, settings_and_console):
    keys = disk_keys.keys_of(*settings_and_console)

    first = keys.made()

    assert (len(first), keys.made()) == (64, first)


def test_an_empty_secret_is_filled(secret, settings_and_console):
    secret.add_client_error("get_secret_value", "ResourceNotFoundException")
    secret.add_response("describe_secret", {"ARN": SECRET}, {"SecretId": SECRET})
    secret.add_response("put_secret_value", {"ARN": SECRET})

    assert len(disk_keys.keys_of(*settings_and_console).made()) == 64


def test_a_secret_that_is_not_there_is_not_filled(secret, settings_and_console):
    secret.add_client_error("get_secret_value", "ResourceNotFoundException")
    secret.add_client_error("describe_secret", "ResourceNotFoundException")

    with pytest.raises(HostError, match=f"The disk's key cannot be read from {SECRET}: "):
        disk_keys.keys_of(*settings_and_console).made()


def test_the_recovery_key_is_shown_in_groups_and_kept_nowhere(home, settings_and_console):
    settings, console = settings_and_console

    key = disk_keys.keys_of(settings, console).recovery()

    assert "-".join(key[place : place + 5] for place in range(0, 40, 5)) in console.file.getvalue()
    assert list(home.iterdir()) == []


@pytest.fixture
def settings_and_console(locked):
    return HostSettings.from_outputs(locked.facts), Console(file=io.StringIO(), width=200)
