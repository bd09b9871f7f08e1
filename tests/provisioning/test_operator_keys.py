"""Who may log in changes one key at a time, on a real sshd, and never so that nobody can."""

import subprocess

import pytest
from support.recording_host import RecordingHost
from support.ssh_server import PASSPHRASE, needs_sshd, running_ssh_server

from provisioning import operator_keys
from provisioning.host import HostError, Ran
from provisioning.public_keys import NotAKeyError, public_key

ED25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGV4YW1wbGUtcHVibGljLWtleS1vZi10aGUtb3BlcmF0"
FINGERPRINT = "SHA256:tCA3z2bEVzXKEMW9CrDQtcn0+ir+eW8/nIrccE/JWn8"
KEYS = "/home/ubuntu/.ssh/authorized_keys"


class HomeHost:
    """The real server of the test, whose user is at home in a folder of it, and which has no systemd."""

    def __init__(self, host, home):
        self._host, self._home = host, home
        self.name, self.is_rehearsal, self.write, self.read = host.name, False, host.write, host.read

    def run(self, *command, **options):
        if command[0] == "getent":
            return Ran(0, f"root:x:0:0::{self._home}:/bin/sh\n")
        return self._host.run(*command, **options)

    def act(self, *command, **options):
        return Ran(0, "") if command[0].startswith("system") else self._host.act(*command, **options)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with running_ssh_server(tmp_path_factory.mktemp("sshd")) as running:
        yield running


def gets_in(server, name):
    try:
        with server.connect(identity=name, passphrase=PASSPHRASE) as host:
            return host.run("true").ok
    except HostError:
        return False


def key_of(server, name):
    return public_key((server.folder / f"{name}.pub").read_text(), name)


@needs_sshd
def test_a_key_that_was_added_gets_in_and_one_that_was_removed_does_not(server):
    with server.connect() as host:
        home = HomeHost(host, server.folder)
        operator_keys.add(home, "root", key_of(server, "other"), lambda: gets_in(server, "id"))
        assert gets_in(server, "other")

        (added,) = (key for key in operator_keys.of_server(home, "root") if key.name == "other")
        operator_keys.remove(home, "root", added, lambda: gets_in(server, "id"))
        assert not gets_in(server, "other")
        assert gets_in(server, "encrypted")


@needs_sshd
def test_a_removal_with_which_nobody_gets_in_is_taken_back(server):
    with server.connect() as host:
        home = HomeHost(host, server.folder)
        own = next(key for key in operator_keys.of_server(home, "root") if key.fingerprint == host.key)
        with pytest.raises(HostError, match=r"authorized_keys nobody can connect; it is as it was before"):
            operator_keys.remove(home, "root", own, lambda: gets_in(server, "id"))

    assert gets_in(server, "id")


@needs_sshd
def test_fingerprints_are_those_that_ssh_keygen_shows(server):
    shown = subprocess.run(
        ["ssh-keygen", "-lf", server.folder / ".ssh/authorized_keys"], capture_output=True, text=True, check=True
    )
    with server.connect() as host:
        found = operator_keys.of_server(HomeHost(host, server.folder), "root")

    assert [key.fingerprint for key in found] == [line.split()[1] for line in shown.stdout.splitlines()]


def test_the_file_belongs_to_its_user_before_anybody_tries_to_connect():
    answers = {"getent *": Ran(0, "ubuntu:x:1:1::/home/ubuntu:/bin/bash\n"), "id -gn ubuntu": Ran(0, "ubuntu\n")}
    host = RecordingHost(answers=answers, files={KEYS: "# by hand\nssh-rsa AAAA bob"})
    acted = []

    operator_keys.add(host, "ubuntu", public_key(f"{ED25519} ann"), lambda: acted.extend(host.acted) or True)

    assert acted[-1] == f"sh -c chown ubuntu:ubuntu {KEYS}"
    assert host.files[KEYS] == f"# by hand\nssh-rsa AAAA bob\n{ED25519} ann\n"


def test_lines_of_others_are_read_and_kept_as_they_are():
    restricted = f'from="203.0.113.7",command="echo ssh-rsa" {ED25519} ann of the office'
    hardware = "sk-ssh-ed25519@openssh.com AAAAGnNr bob"
    damaged = "ssh-rsa AAAAA of nobody"
    answers = {"getent *": Ran(0, "ubuntu:x:1:1::/home/ubuntu:/bin/bash\n"), "id -gn ubuntu": Ran(0, "ubuntu\n")}
    text = f"# {ED25519} commented out\n\n{restricted}\n{hardware}\n{ED25519[:-4]} carl\n{damaged}\n"
    host = RecordingHost(answers=answers, files={KEYS: text})

    found = operator_keys.of_server(host, "ubuntu")
    operator_keys.remove(host, "ubuntu", found[2], lambda: True)

    assert [(key.name, key.kind) for key in found[:2]] == [
        ("ann of the office", "ssh-ed25519"), ("bob", "sk-ssh-ed25519@openssh.com"),
    ]  # fmt: skip
    assert (found[0].fingerprint, found[3].fingerprint) == (FINGERPRINT, "")
    assert host.files[KEYS] == f"# {ED25519} commented out\n\n{restricted}\n{hardware}\n{damaged}\n"


def test_a_public_key_is_called_as_its_line_ends_or_as_it_is_named():
    assert public_key(f"{ED25519} ann@laptop\n").name == "ann@laptop"
    assert public_key(f"{ED25519} ann@laptop\n", "Ann").line == f"{ED25519} Ann"
    assert public_key(f"{ED25519} ann@laptop\n").fingerprint == FINGERPRINT


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "has 0 lines: a public key is one"),
        (f"{ED25519} a\n{ED25519} b\n", "has 2 lines: a public key is one"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blb\n", "is a private key: name the file of the public one"),
        ("ssh-ed25519 AAAAdGVzdA== ann", "is no public key: what follows its kind is damaged"),
        (f"{ED25519[:-20]} ann", "is no public key: what follows its kind is damaged"),
        (f"ssh-rsa {ED25519.split()[1]} ann", "is no public key: what follows its kind is damaged"),
        ("ssh-ed25519", "is no public key: what follows its kind is damaged"),
        ("ssh-dss AAAA ann", "is no public key: it begins with neither ssh-ed25519 nor ssh-rsa"),
        (f'command="sh" {ED25519} ann', "is no public key: it begins with neither"),
        (ED25519, "has no name at its end: say whose it is with --name"),
    ],
)
def test_what_is_no_public_key_of_somebody_is_refused(text, why):
    with pytest.raises(NotAKeyError) as told:
        public_key(text)

    assert str(told.value).startswith(why)


def test_an_rsa_key_that_is_too_short_is_refused(tmp_path):
    subprocess.run(["ssh-keygen", "-q", "-t", "rsa", "-b", "1024", "-N", "", "-f", tmp_path / "id"], check=True)

    with pytest.raises(NotAKeyError, match="is an RSA key of 1024 bits: make an ed25519 key, or one of 2048 bits"):
        public_key((tmp_path / "id.pub").read_text())
