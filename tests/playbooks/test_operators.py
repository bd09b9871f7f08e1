"""Operators come and go by a command that tells who can log in, and that locks nobody out."""

import pytest

from playbooks import operators as module
from provisioning.host import Ran

ANN = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGV4YW1wbGUtcHVibGljLWtleS1vZi10aGUtb3BlcmF0 ann@laptop"
ANN_KEY = "SHA256:tCA3z2bEVzXKEMW9CrDQtcn0+ir+eW8/nIrccE/JWn8"
BOB = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGFub3RoZXItcHVibGljLWtleS1vZi1hbi1vcGVyYXRv bob"
BOB_KEY = "SHA256:J/pXmAnuo7KqtuGbLocNLO9WquBPx5LiUMNkhpiyn58"
KEYS = "/home/ubuntu/.ssh/authorized_keys"


@pytest.fixture
def server(command, monkeypatch):
    """A server that Ann and Bob log in to; Ann is the one who asks."""
    monkeypatch.setattr(module, "can_still_connect", lambda _found: True)
    command.server.answers |= {
        "getent passwd ubuntu": Ran(0, "ubuntu:x:1000:1000::/home/ubuntu:/bin/bash\n"),
        "id -gn ubuntu": Ran(0, "ubuntu\n"),
    }
    command.server.files[KEYS] = f"{ANN}\n{BOB}\n"
    command.server.key = ANN_KEY
    return command.server


def test_the_list_says_who_logs_in_and_who_you_are(command, server):
    printed = command.run(module, "operators", action="list")

    lines = [" ".join(line.split()) for line in printed.splitlines()]
    assert f"ann@laptop ssh-ed25519 {ANN_KEY} you" in lines
    assert f"bob ssh-ed25519 {BOB_KEY}" in lines
    assert server.acted == []


@pytest.mark.parametrize("is_file", [True, False])
def test_a_key_is_added_from_a_file_or_as_its_line_and_logged(command, server, tmp_path, is_file):
    server.files[KEYS] = f"{ANN}\n"
    (tmp_path / "bob.pub").write_text(f"{BOB}\n")

    command.run(module, "operators", action="add", key=str(tmp_path / "bob.pub") if is_file else BOB, name="Bob B.")

    assert server.files[KEYS] == f"{ANN}\n{BOB.removesuffix('bob')}Bob B.\n"
    assert [line for line in server.stdin if f" operators - added Bob B. {BOB_KEY}\n" in line]
    assert server.acted[-1] == "rm -rf -- /opt/invoices/lock"


def test_a_change_that_was_taken_back_is_logged_as_failed(command, server, monkeypatch):
    monkeypatch.setattr(module, "can_still_connect", lambda _found: False)

    told = command.refused(module, "operators", action="remove", name="bob")

    assert "nobody can connect; it is as it was before" in told
    assert [line for line in server.stdin if " operators - failed: 198.51.100.9: with the new " in line]


@pytest.mark.parametrize("name", ["bob", BOB_KEY])
def test_somebody_who_left_is_removed_by_name_or_fingerprint_and_that_is_logged(command, server, name):
    command.run(module, "operators", action="remove", name=name)

    assert server.files[KEYS] == f"{ANN}\n"
    assert [line for line in server.stdin if f" operators - removed bob {BOB_KEY}\n" in line]


def test_the_key_in_use_is_not_removed(command, server):
    told = command.refused(module, "operators", action="remove", name="ann@laptop")

    assert told == "198.51.100.9: you are logged in with this key: remove it with another one, named with -i FILE."
    assert server.acted == []


def test_the_last_key_is_not_removed(command, server):
    server.files[KEYS] = f"{BOB}\n"

    told = command.refused(module, "operators", action="remove", name="bob")

    assert told == "198.51.100.9: this is the only key, without which nobody could log in: add another one first."
    assert server.acted == []


def test_of_two_keys_of_one_name_the_fingerprint_says_which(command, server):
    server.files[KEYS] = f"{ANN}\n{BOB}\n{ANN.replace('ann@laptop', 'bob')}\n"

    told = command.refused(module, "operators", action="remove", name="bob")

    assert told == f"198.51.100.9: 2 keys are called bob: say --name with one of {BOB_KEY}, {ANN_KEY}."


@pytest.mark.parametrize("name", ["", "carl"])
def test_who_is_not_there_cannot_be_removed(command, server, name):
    told = command.refused(module, "operators", action="remove", name=name)

    assert told == f"198.51.100.9: no key is called '{name}': say --name with one that `fab operators list` shows."
    assert server.acted == []


def test_a_key_that_logs_in_already_is_not_added_again(command, server):
    told = command.refused(module, "operators", action="add", key=BOB, name="robert")

    assert told == f"198.51.100.9: {BOB_KEY} logs in already, as bob."
    assert server.acted == []


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("", "Say which key: --key with the file of a public one, or with its line."),
        ("none.pub", "none.pub cannot be read: No such file or directory."),
        ("ssh-dss AAAA bob", "The line is no public key: it begins with neither ssh-ed25519 nor ssh-rsa."),
    ],
)
def test_what_is_no_key_is_refused_with_its_place(command, server, key, why):
    assert command.refused(module, "operators", action="add", key=key) == why
    assert server.acted == []


def test_a_file_of_something_else_is_refused(command, server, tmp_path):
    (tmp_path / "picture").write_bytes(b"\xff\xfe\x00")

    told = command.refused(module, "operators", action="add", key=str(tmp_path / "picture"))

    assert told == f"{tmp_path}/picture is no public key: it is no text."
    assert server.acted == []


def test_another_word_is_refused(command, server):
    told = command.refused(module, "operators", action="delete")

    assert told == "'delete' cannot be done to operators: say list, add or remove."
    assert server.acted == []


@pytest.mark.parametrize(
    ("options", "would"),
    [
        ({"action": "add", "key": ANN.replace("GV4", "GV5")}, "ann@laptop would log in with SHA256:"),
        ({"action": "remove", "name": "bob"}, f"bob would not log in with {BOB_KEY} any more."),
    ],
)
def test_what_would_be_done_is_only_said(command, server, options, would):
    assert would in command.run(module, "operators", dry_run=True, **options)
    assert server.acted == []
