"""The engine: what it is, and what it holds every container to."""

import json

import pytest


@pytest.fixture(scope="module")
def engine(server) -> dict:
    return json.loads(server.check_output("docker info --format '{{json .}}'"))


@pytest.fixture(scope="module")
def configuration(server) -> dict:
    return json.loads(server.file("/etc/docker/daemon.json").content_string)


def test_D12_containers_outlive_a_restart_of_the_engine(engine):
    assert engine["LiveRestoreEnabled"] is True


def test_D12_logs_are_kept_locally_and_rotated(engine, configuration):
    assert engine["LoggingDriver"] == "local"
    assert configuration["log-opts"] == {"max-file": "5", "max-size": "10m"}


def test_D12_no_container_gains_privileges(engine):
    assert "name=no-new-privileges" in engine["SecurityOptions"]


def test_D12_containers_of_the_default_network_do_not_reach_each_other(server):
    found = json.loads(server.check_output("docker network inspect bridge"))[0]

    assert found["Options"]["com.docker.network.bridge.enable_icc"] == "false"


def test_D12_no_proxy_hides_where_requests_come_from(configuration, server):
    assert configuration["userland-proxy"] is False
    assert server.process.filter(comm="docker-proxy") == []


def test_D13_the_engine_publishes_nothing_that_was_not_asked_for(server):
    version = server.docker.server_version()
    if int(version.split(".")[0]) < 28:
        forward = server.run("nft list chain inet invoices forward").stdout
        assert "policy drop" in forward
        pytest.skip(f"the distribution has engine {version}; our own firewall does what 28 does (decision 15)")


def test_D16_system_calls_are_filtered(engine):
    assert [option for option in engine["SecurityOptions"] if option.startswith("name=seccomp")] != []


def test_D16_apparmor_is_on(engine, needs_machine):
    assert "name=apparmor" in engine["SecurityOptions"]


def test_D08_the_engine_listens_to_root_on_this_machine_only(server):
    socket = server.file("/run/docker.sock")

    assert (socket.user, socket.group, oct(socket.mode)) == ("root", "docker", "0o660")
    assert not server.socket("tcp://2375").is_listening
    assert not server.socket("tcp://2376").is_listening
