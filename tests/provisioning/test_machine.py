"""What a server is, is known before anything is done to it."""

import pytest

from provisioning.host import HostError, Ran
from provisioning.machine import detect


def _system(name, version, pretty=""):
    return {"/etc/os-release": f'ID={name}\nVERSION_ID="{version}"\nPRETTY_NAME="{pretty}"\n'}


@pytest.mark.parametrize(
    ("name", "version", "compose"),
    [
        ("ubuntu", "22.04", "docker-compose-v2"),
        ("ubuntu", "24.04", "docker-compose-v2"),
        ("debian", "13", "docker-compose"),
    ],
)
def test_each_system_calls_compose_by_its_own_name(rented, name, version, compose):
    machine = detect(rented(files=_system(name, version)))

    assert (machine.system, compose in machine.docker_packages) == (f"{name} {version}", True)


def test_debian_12_is_refused_for_its_compose(rented):
    with pytest.raises(HostError, match="Debian 12 has no Compose 2 among its packages; Ubuntu"):
        detect(rented(files=_system("debian", "12")))


def test_another_system_is_refused_by_its_name(rented):
    with pytest.raises(HostError, match=r"198\.51\.100\.9: it runs Fedora Linux 42; Ubuntu 22.04"):
        detect(rented(files=_system("fedora", "42", "Fedora Linux 42")))


def test_a_system_without_a_name_is_refused(rented):
    with pytest.raises(HostError, match="it runs no system that tells its name"):
        detect(rented(files={"/etc/os-release": ""}))


def test_nothing_is_done_to_a_system_that_is_refused(rented):
    host = rented(files=_system("debian", "12"))

    with pytest.raises(HostError):
        detect(host)

    assert host.acted == []


@pytest.mark.parametrize(("answer", "container"), [(Ran(1, "none\n"), ""), (Ran(0, "docker\n"), "docker")])
def test_a_container_is_known_as_one(rented, answer, container):
    assert detect(rented({"systemd-detect-virt --container": answer})).container == container
