"""Keys that hand workbooks in come and go by a command, which logs who it was."""

import pytest

from playbooks import inbox_keys as module
from provisioning.host import Ran

ANN = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGV4YW1wbGUtcHVibGljLWtleS1vZi10aGUtb3BlcmF0 ann@office"
ANN_KEY = "SHA256:tCA3z2bEVzXKEMW9CrDQtcn0+ir+eW8/nIrccE/JWn8"
BOB = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGFub3RoZXItcHVibGljLWtleS1vZi1hbi1vcGVyYXRv bob"
BOB_KEY = "SHA256:J/pXmAnuo7KqtuGbLocNLO9WquBPx5LiUMNkhpiyn58"
KEYS = "/etc/invoices/inbox_keys"


@pytest.fixture
def server(command):
    """A server that Ann hands workbooks in to, and that nobody operates yet."""
    command.server.answers["getent passwd ubuntu"] = Ran(0, "ubuntu:x:1000:1000::/home/ubuntu:/bin/bash\n")
    command.server.files[KEYS] = f"restrict {ANN}\n"
    return command.server


def test_the_list_says_who_hands_in(command, server):
    printed = command.run(module, "inbox_keys", action="list")

    assert f"ann@office ssh-ed25519 {ANN_KEY}" in [" ".join(line.split()) for line in printed.splitlines()]
    assert server.acted == []


def test_a_key_is_added_without_any_other_right_and_that_is_logged(command, server):
    command.run(module, "inbox_keys", action="add", key=BOB)

    assert server.files[KEYS] == f"restrict {ANN}\nrestrict {BOB}\n"
    assert [line for line in server.stdin if f" inbox-keys - added bob {BOB_KEY}\n" in line]


@pytest.mark.parametrize("name", ["ann@office", ANN_KEY])
def test_a_key_is_removed_by_name_or_fingerprint_also_the_last_and_that_is_logged(command, server, name):
    command.run(module, "inbox_keys", action="remove", name=name)

    assert server.files[KEYS] == ""
    assert [line for line in server.stdin if f" inbox-keys - removed ann@office {ANN_KEY}\n" in line]


def test_who_is_not_there_cannot_be_removed(command, server):
    told = command.refused(module, "inbox_keys", action="remove", name="carl")

    assert told == "198.51.100.9: no key is called 'carl': say --name with one that `fab inbox-keys list` shows."


def test_a_key_that_hands_in_already_is_not_added_again(command, server):
    told = command.refused(module, "inbox_keys", action="add", key=ANN, name="another")

    assert told == f"198.51.100.9: {ANN_KEY} hands in already, as ann@office."


def test_the_key_of_an_operator_hands_nothing_in(command, server):
    server.files["/home/ubuntu/.ssh/authorized_keys"] = f"{BOB}\n"

    told = command.refused(module, "inbox_keys", action="add", key=BOB)

    assert told == (
        f"198.51.100.9: {BOB_KEY} is an operator's, and what hands files in is often kept on another machine: make a "
        "key of its own."
    )
    assert server.acted == []


def test_a_server_without_the_account_is_named(command, server):
    del server.files[KEYS]

    told = command.refused(module, "inbox_keys", action="add", key=BOB)

    assert told == "198.51.100.9: it has no account for the inbox yet: run `fab provision` first."


def test_another_word_is_refused(command, server):
    told = command.refused(module, "inbox_keys", action="delete")

    assert told == "'delete' cannot be done to keys: say list, add or remove."


@pytest.mark.parametrize(
    ("options", "would"),
    [
        ({"action": "add", "key": BOB}, f"bob would hand in with {BOB_KEY}."),
        ({"action": "remove", "name": "ann@office"}, f"ann@office would not hand in with {ANN_KEY} any more."),
    ],
)
def test_what_would_be_done_is_only_said(command, server, options, would):
    assert would in command.run(module, "inbox_keys", dry_run=True, **options)
    assert server.acted == []
