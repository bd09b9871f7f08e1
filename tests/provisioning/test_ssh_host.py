"""A server is spoken to by SSH as it should be: a real sshd on this machine answers."""

import os
import shutil
import socket
import subprocess
from pathlib import Path
from threading import Thread

import pytest
from support.ssh_server import PASSPHRASE, SshServer, needs_sshd, running_agent, running_ssh_server

from provisioning import ssh_host
from provisioning.host import HostError
from provisioning.ssh_keys import load, private_file

pytestmark = needs_sshd


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with running_ssh_server(tmp_path_factory.mktemp("sshd")) as running:
        yield running


@pytest.fixture
def agent(server, tmp_path, monkeypatch):
    """Return how a key is added to an agent."""
    asking = tmp_path / "asking"
    asking.write_text(f"#!/bin/sh\necho '{PASSPHRASE}'\n")
    asking.chmod(0o700)
    with running_agent(tmp_path / "agent") as path:
        monkeypatch.setenv("SSH_AUTH_SOCK", str(path))
        answered = {**os.environ, "SSH_ASKPASS": str(asking), "SSH_ASKPASS_REQUIRE": "force"}
        yield lambda name: subprocess.run(["ssh-add", "-q", server.folder / name], env=answered, check=True)


def _close_next(listening):
    connection, _ = listening.accept()
    connection.close()


def test_a_command_is_run_as_root_with_every_word_as_it_is(server):
    with server.connect() as host:
        assert host.run("printf", "%s|", "two words", "$HOME", "it's", ";true").out == "two words|$HOME|it's|;true|"
        assert host.run("id", "-un").out == "root\n"


def test_a_command_that_fails_is_told_with_its_last_words(server):
    with server.connect() as host, pytest.raises(HostError) as told:
        host.run("ls", "/nowhere")

    assert "`ls /nowhere` ended with 2:" in str(told.value)
    assert "No such file" in str(told.value)


def test_a_failure_that_is_an_answer_is_not_an_error(server):
    with server.connect() as host:
        assert host.run("false", check=False).exit_code == 1


def test_a_long_input_and_a_long_output_go_through_at_once(server):
    text = "a line of some length\n" * 200_000

    with server.connect() as host:
        assert host.run("cat", stdin=text).out == text
        assert host.run("sh", "-c", "cat >&2", stdin=text).err == text


def test_a_command_that_says_nothing_for_too_long_is_given_up(server):
    with server.connect() as host, pytest.raises(HostError, match="the connection failed during sleep 30"):
        host.run("sleep", "30", seconds=1)


def test_a_connection_that_is_lost_is_told_and_what_comes_after_tells_the_same(server):
    lost = "the connection was lost during pkill .* see `fab status`, then run the command again"
    with server.connect() as host:
        with pytest.raises(HostError, match=lost):
            host.run("pkill", "--signal", "KILL", "--parent", str(server.process_id))
        with pytest.raises(HostError, match=lost):
            host.run("true")


def test_a_file_is_put_there_whole_with_its_mode(server, tmp_path):
    path = tmp_path / "folder" / "settings"

    with server.connect() as host:
        host.write(str(path), "one\n", mode="0600")
        assert (path.read_text(), path.stat().st_mode & 0o777, host.read(str(path))) == ("one\n", 0o600, "one\n")
        assert [found.name for found in path.parent.iterdir()] == ["settings"]


def test_a_file_that_is_not_valid_leaves_the_one_before(server, tmp_path):
    path = tmp_path / "settings"
    path.write_text("before\n")

    with server.connect() as host, pytest.raises(HostError):
        host.write(str(path), "after\n", valid=("grep", "before", "{}"))

    assert path.read_text() == "before\n"
    assert [found.name for found in tmp_path.iterdir()] == ["settings"]


def test_a_file_that_is_not_there_is_nothing(server, tmp_path):
    with server.connect() as host:
        assert host.read(str(tmp_path / "nothing")) is None


def test_a_file_that_cannot_be_read_is_named(server, tmp_path):
    with server.connect() as host, pytest.raises(HostError, match=rf"{tmp_path} cannot be read: .*Is a directory"):
        host.read(str(tmp_path))


def test_a_file_of_this_machine_is_copied(server, tmp_path):
    (tmp_path / "archive").write_bytes(bytes(range(256)) * 1000)

    with server.connect() as host:
        host.upload(str(tmp_path / "archive"), str(tmp_path / "there"))

    assert (tmp_path / "there").read_bytes() == bytes(range(256)) * 1000
    assert (tmp_path / "there").stat().st_mode & 0o777 == 0o644


def test_a_file_of_the_server_is_fetched_whole_and_nothing_of_it_stays_where_others_read(server, tmp_path):
    (tmp_path / "there").write_bytes(bytes(range(256)) * 1000)
    before = set(Path("/tmp").glob("invoices-*"))  # where it lies on its way

    with server.connect() as host:
        host.download(str(tmp_path / "there"), str(tmp_path / "here"))

    assert (tmp_path / "here").read_bytes() == bytes(range(256)) * 1000
    assert set(Path("/tmp").glob("invoices-*")) == before


@pytest.mark.skipif(not os.path.ismount("/dev/shm"), reason="needs another file system that is mounted")
def test_on_an_encrypted_server_no_file_passes_through_the_plain_disk(server, tmp_path, monkeypatch):
    monkeypatch.setattr(ssh_host, "_ENCRYPTED_DISK", "/dev/shm")  # stands in for it
    (tmp_path / "archive").write_bytes(b"plain")
    (tmp_path / "archive").chmod(0o644)
    passed = []

    with server.connect() as host:
        act = host.act

        def seen(*command, **options):
            passed.extend((path, path.stat().st_mode & 0o777) for path in Path("/dev/shm").glob("invoices-*"))
            return act(*command, **options)

        monkeypatch.setattr(host, "act", seen)
        host.upload(str(tmp_path / "archive"), str(tmp_path / "there"))

    assert [mode for _, mode in passed] == [0o600]
    assert (tmp_path / "there").read_bytes() == b"plain"
    assert not passed[0][0].exists()


def test_a_rehearsal_reads_and_changes_nothing(server, tmp_path):
    with server.connect(is_rehearsal=True) as host:
        host.write(str(tmp_path / "settings"), "one\n")
        host.act("touch", str(tmp_path / "touched"))
        host.upload(__file__, str(tmp_path / "copied"))
        assert host.run("echo", "read").out == "read\n"

    assert list(tmp_path.iterdir()) == []


def test_a_server_that_is_not_known_is_not_spoken_to(server, tmp_path):
    with (
        pytest.raises(HostError, match="its key is not known yet: `fab trust` shows and keeps it"),
        server.connect(known_hosts=tmp_path / "none"),
    ):
        pass


def test_a_server_whose_key_is_another_is_not_spoken_to(server, tmp_path):
    kind, key, _ = (server.folder / "other.pub").read_text().split()
    (tmp_path / "known_hosts").write_text(f"[127.0.0.1]:{server.port} {kind} {key}\n")

    with (
        pytest.raises(HostError, match="it is not the server it was, its key is another"),
        server.connect(known_hosts=tmp_path / "known_hosts"),
    ):
        pass


def test_a_key_that_is_not_let_in_is_told(server):
    with (
        pytest.raises(HostError, match=r"it lets nobody in as .* with this key; name another with -i FILE"),
        server.connect(identity="other"),
    ):
        pass


def test_a_key_with_a_passphrase_is_unlocked_with_it(server):
    with server.connect(identity="encrypted", passphrase=PASSPHRASE) as host:
        assert host.key == _fingerprint(server.folder / "encrypted.pub")


def test_another_passphrase_is_said(server):
    with (
        pytest.raises(HostError, match=r"encrypted cannot be used: its passphrase is another one\."),
        server.connect(identity="encrypted", passphrase="mistyped"),
    ):
        pass


def test_no_passphrase_is_said(server):
    with pytest.raises(HostError, match=r"encrypted has a passphrase, and none was given\."):
        load(server.folder / "encrypted", lambda _file: "")


def test_a_public_key_names_the_one_that_the_agent_signs_with(server, agent):
    agent("other")
    agent("id")

    with server.connect(identity="id.pub") as host:
        assert host.key == _fingerprint(server.folder / "id.pub")


def test_the_agent_signs_for_an_encrypted_key_that_it_holds(server, agent):
    agent("encrypted")

    with server.connect(identity="encrypted") as host:
        assert host.key == _fingerprint(server.folder / "encrypted.pub")


def test_the_agent_signs_for_a_key_of_a_kind_that_is_not_read_here(server, agent, tmp_path):
    agent("id")
    (tmp_path / "hardware").write_text("-----BEGIN OPENSSH PRIVATE KEY-----\nof another kind\n")
    shutil.copy(server.folder / "id.pub", tmp_path / "hardware.pub")

    with server.connect(identity=tmp_path / "hardware") as host:
        assert host.key == _fingerprint(server.folder / "id.pub")


def test_a_public_key_that_the_agent_does_not_hold_is_named(server, agent):
    agent("other")

    with (
        pytest.raises(HostError, match=r"The agent does not hold the key of .*/id\.pub: `ssh-add` the private key"),
        server.connect(identity="id.pub"),
    ):
        pass


@pytest.mark.parametrize("text", [None, "-----BEGIN OPENSSH PRIVATE KEY-----\nnone\n"])
def test_a_file_that_is_no_key_is_named(tmp_path, text):
    if text:
        (tmp_path / "key").write_text(text)

    with pytest.raises(HostError, match=f"{tmp_path}/key cannot be (read as a key|used)"):
        load(tmp_path / "key", lambda _file: "")


def test_a_key_of_this_machine_that_has_a_passphrase_is_told_from_one_that_is_not_let_in(server, tmp_path, monkeypatch):
    (tmp_path / ".ssh").mkdir()
    shutil.copy(server.folder / "encrypted", tmp_path / ".ssh/id_rsa")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)

    with (
        pytest.raises(HostError, match=r"has a passphrase: name it with -i FILE, or give it to the agent"),
        server.connect(identity=None),
    ):
        pass


def test_a_file_of_a_public_key_stands_for_the_private_half_beside_it(server):
    assert private_file(server.folder / "id.pub") == server.folder / "id"
    assert private_file(server.folder / "elsewhere.pub") == server.folder / "elsewhere.pub"


def _fingerprint(path):
    shown = subprocess.run(["ssh-keygen", "-lf", path], capture_output=True, text=True, check=True)
    return shown.stdout.split()[1]


def test_a_machine_without_the_time_limit_of_linux_connects_all_the_same(server, monkeypatch):
    monkeypatch.delattr(socket, "TCP_USER_TIMEOUT")

    with server.connect() as host:
        assert host.run("true").ok


def test_a_connection_that_ends_before_ssh_begins_is_told_with_what_helps(server):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        closing = Thread(target=_close_next, args=[listening])
        closing.start()
        hasty = SshServer(server.folder, listening.getsockname()[1], 0)
        with pytest.raises(HostError, match=r"it ends the connection at once, .* wait a minute"), hasty.connect():
            pass
        closing.join()


def test_where_nothing_listens_it_says_so(server, tmp_path):
    nobody = SshServer(server.folder, 1, 0)

    with pytest.raises(HostError, match=r"127\.0\.0\.1: it does not answer to SSH"), nobody.connect():
        pass


@pytest.fixture
def restarting(monkeypatch, tmp_path):
    """A server whose restart ends all its connections, and that has started again after the second look at it."""
    boot_id, looks = tmp_path / "boot_id", []
    boot_id.write_text("first\n")

    def pause(_seconds):
        looks.append(boot_id.read_text())
        if len(looks) == 2:
            boot_id.write_text("second\n")

    monkeypatch.setattr(ssh_host, "_BOOT_ID", str(boot_id))
    monkeypatch.setattr(ssh_host, "_RESTART", ("true",))
    monkeypatch.setattr(ssh_host, "_RESTART_TRIES", 3)
    monkeypatch.setattr(ssh_host.time, "sleep", pause)
    return boot_id


def test_a_server_that_was_restarted_is_spoken_to_once_it_has_started_again(server, restarting):
    with server.connect() as host:
        host.restart()

        assert host.run("cat", str(restarting)).out == "second\n"


def test_a_server_that_does_not_start_again_is_told_with_where_to_look(server, restarting, monkeypatch):
    monkeypatch.setattr(ssh_host, "_RESTART_TRIES", 1)

    with server.connect() as host, pytest.raises(HostError, match="does not answer to SSH again: look at its console"):
        host.restart()


def test_a_rehearsal_restarts_nothing(server, restarting):
    with server.connect(is_rehearsal=True) as host:
        host.restart()

    assert restarting.read_text() == "first\n"
