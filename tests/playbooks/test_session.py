"""The key of `fab -i` is found, unlocked once, and used by every connection of a command."""

import json
import subprocess
from contextlib import contextmanager

import pytest
from fabric import Config
from invoke.context import Context
from support.recording_host import RecordingHost
from support.recording_stack import FACTS

from playbooks.steps import inventory, ssh_config
from playbooks.steps import session as module
from playbooks.steps.session import can_still_connect, session

PASSPHRASE = "four words of mine"


@pytest.fixture
def used(monkeypatch, tmp_path):
    """Return the logins of the connections that a command made, which all succeed."""
    logins = []

    @contextmanager
    def connected(_host, _user, _known_hosts, *, login, is_rehearsal=False):  # as the real one is called
        logins.append(login)
        yield RecordingHost()

    monkeypatch.setattr(module, "connected", connected)
    monkeypatch.setattr(inventory, "KEPT", tmp_path / "kept")
    monkeypatch.setattr(ssh_config, "KEPT", tmp_path / "kept")
    return logins


@pytest.fixture
def server(tmp_path):
    path = tmp_path / "server.json"
    path.write_text(json.dumps(FACTS))
    return str(path)


@pytest.fixture
def key(tmp_path):
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", PASSPHRASE, "-f", tmp_path / "id"], check=True)
    return tmp_path / "id"


def context(**connect_kwargs):
    return Context(Config(overrides={"connect_kwargs": connect_kwargs}))


def test_a_passphrase_is_asked_for_once_at_the_terminal(used, server, key, monkeypatch):
    asked = []
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("getpass.getpass", lambda question: asked.append(question) or PASSPHRASE)

    with session(context(key_filename=[str(key)]), server, "prod") as found:
        assert can_still_connect(found)
    with session(context(key_filename=[str(key)]), server, "prod"):  # `fab provision deploy`
        assert used[2].key == used[0].key

    assert asked == [f"Passphrase of {key}: "]
    assert used[0] is used[1]
    assert used[0].key.get_base64() in key.with_suffix(".pub").read_text()


def test_who_types_nothing_breaks_the_command_off(used, server, key, monkeypatch):
    def closed(_question):
        raise EOFError

    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("getpass.getpass", closed)

    with pytest.raises(SystemExit, match="Broken off"), session(context(key_filename=[str(key)]), server, "prod"):
        pass
    assert used == []


def test_a_passphrase_that_fab_asked_for_is_used(used, server, key):
    with session(context(key_filename=[str(key)], passphrase=PASSPHRASE), server, "prod"):
        assert used[0].key.get_base64() in key.with_suffix(".pub").read_text()


def test_a_passphrase_that_fab_asked_for_is_used_for_keys_that_ssh_chooses(used, server):
    with session(context(passphrase=PASSPHRASE), server, "prod"):
        assert (used[0].key, used[0].passphrase) == (None, PASSPHRASE)


def test_without_a_terminal_the_agent_is_named(used, server, key, monkeypatch):
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)

    with (
        pytest.raises(SystemExit, match=rf"{key} has a passphrase, .* first `ssh-add {key}`\."),
        session(context(key_filename=[str(key)]), server, "prod"),
    ):
        pass
    assert used == []


def test_openssh_is_given_the_private_half_of_a_public_key_that_was_named(used, server, key):
    with session(context(key_filename=[f"{key}.pub"], passphrase=PASSPHRASE), server, "prod") as found:
        written = ssh_config.write(found.settings, found.identity).read_text()

    assert f"  IdentityFile {key}\n  IdentitiesOnly yes\n" in written


def test_a_passphrase_is_not_in_what_is_printed(used, server):
    with session(context(passphrase=PASSPHRASE), server, "prod") as found:
        assert PASSPHRASE not in repr(found)
    assert len(used) == 1
