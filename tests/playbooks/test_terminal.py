"""A terminal on the server is OpenSSH's, with the same key and the same host key as `fab`."""

import getpass
import json
import os
import subprocess

import pytest
from fabric import Config
from invoke.context import Context
from support.recording_stack import FACTS
from support.ssh_server import needs_sshd, running_agent, running_ssh_server

from playbooks import console, ssh
from playbooks.steps import inventory, ssh_config
from provisioning.settings import HostSettings


@pytest.fixture
def ran(monkeypatch, tmp_path):
    """Return what would have taken over the terminal."""
    monkeypatch.setattr(inventory, "KEPT", tmp_path)
    monkeypatch.setattr(ssh_config, "KEPT", tmp_path)
    commands = []
    monkeypatch.setattr(os, "execvp", lambda _program, words: commands.append(words))
    return commands


@pytest.fixture
def server(tmp_path):
    path = tmp_path / "server.json"
    path.write_text(json.dumps(FACTS | {"host_keys": ["ssh-ed25519 AAAA"]}))
    return str(path)


def test_without_a_command_it_is_the_shell_of_the_login_user(ran, server, tmp_path):
    ssh.ssh(Context(), server=server)

    assert ran == [["ssh", "-F", f"{tmp_path}/198.51.100.9.ssh_config", "-t", "invoices-server"]]


def test_a_command_is_run_with_the_key_that_was_named(ran, server, tmp_path):
    named = Context(Config(overrides={"connect_kwargs": {"key_filename": ["/home/ann/.ssh/work"]}}))

    ssh.ssh(named, server=server, command="sudo docker ps")

    assert ran[0][-1] == "sudo docker ps"
    assert "  IdentityFile /home/ann/.ssh/work\n" in (tmp_path / "198.51.100.9.ssh_config").read_text()


def test_a_server_whose_key_is_not_known_is_not_connected_to(ran, tmp_path):
    (tmp_path / "server.json").write_text(json.dumps(FACTS))

    with pytest.raises(SystemExit, match=r"198\.51\.100\.9: its key is not known yet: `fab trust` shows and keeps it"):
        ssh.ssh(Context(), server=str(tmp_path / "server.json"))

    assert ran == []


def test_a_console_is_in_the_container_that_serves(ran, command):
    command.run(console, "console", command="invoices users")

    assert ran[0][-1] == "sudo docker exec -it 1 invoices users"


def test_a_machine_without_openssh_is_told_what_to_install(server, monkeypatch, tmp_path):
    monkeypatch.setattr(inventory, "KEPT", tmp_path)
    monkeypatch.setattr(ssh_config, "KEPT", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(SystemExit, match="OpenSSH is not here: install its client"):
        ssh.ssh(Context(), server=server)


@needs_sshd
def test_openssh_logs_in_with_a_public_key_whose_private_half_only_the_agent_has(tmp_path, monkeypatch):
    monkeypatch.setattr(inventory, "KEPT", tmp_path)
    monkeypatch.setattr(ssh_config, "KEPT", tmp_path)
    with running_ssh_server(tmp_path / "server") as running, running_agent(tmp_path / "agent") as agent:
        monkeypatch.setenv("SSH_AUTH_SOCK", str(agent))
        subprocess.run(["ssh-add", "-q", running.folder / "id"], check=True)
        public = (running.folder / "id.pub").rename(tmp_path / "alone.pub")
        running.known_hosts.rename(tmp_path / "127.0.0.1.known_hosts")
        facts = HostSettings.from_outputs(FACTS | {"host": "127.0.0.1", "user": getpass.getuser()})
        config = ssh_config.write(facts, str(public))
        done = subprocess.run(
            ["ssh", "-F", config, "-p", str(running.port), "-o", "BatchMode=yes", ssh_config.NAME, "echo in"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    assert (done.stdout, done.returncode) == ("in\n", 0), done.stderr
