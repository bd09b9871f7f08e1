"""Docker is the distribution's, and holds to our configuration."""

import json

import pytest

from provisioning import docker_engine
from provisioning.host import HostError, Ran
from provisioning.machine import Machine

CONFIGURATION = "/etc/docker/daemon.json"


def test_the_distribution_s_packages_are_installed(rented, machine):
    host = rented()

    docker_engine.ensure(host, machine)

    assert host.acted[2].endswith("install -y --no-install-recommends docker-buildx docker-compose-v2 docker.io")


def test_the_engine_is_configured_as_the_control_asks(rented, machine):
    host = rented()

    docker_engine.ensure(host, machine)

    assert json.loads(host.files[CONFIGURATION]) == {
        "icc": False,
        "live-restore": True,
        "log-driver": "local",
        "log-opts": {"max-file": "5", "max-size": "10m"},
        "no-new-privileges": True,
        "userland-proxy": False,
    }


def test_an_old_engine_is_asked_to_filter_ipv6(rented):
    host = rented()

    docker_engine.ensure(host, Machine("debian 13", ("docker.io",)))

    configuration = json.loads(host.files[CONFIGURATION])
    assert (configuration["experimental"], configuration["ip6tables"]) == (True, True)


def test_docker_starts_anew_only_after_a_change(rented, shaped, machine):
    assert docker_engine.ensure(rented(), machine)[1].restart == ("docker.service",)
    assert docker_engine.ensure(shaped(), machine)[1].restart == ()


def test_a_configuration_that_docker_refuses_is_not_kept(rented, machine):
    host = rented({"dockerd --validate *": Ran(1, "", "unknown option")})

    with pytest.raises(HostError, match="unknown option"):
        docker_engine.ensure(host, machine)

    assert CONFIGURATION not in host.files


def test_a_second_run_changes_nothing(shaped, machine, changed):
    assert changed(docker_engine.ensure(shaped(), machine)) == []
