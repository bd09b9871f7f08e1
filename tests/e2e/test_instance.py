"""What every test of a deployment relies on: the test instance itself."""

import socket
import subprocess

import pytest

from tests.support.instance import running


@pytest.fixture(scope="module")
def instance(docker_engine):
    """One of their own, that nothing was done to."""
    with running("bare") as started:
        yield started


def test_an_instance_lets_its_user_in_and_become_root(instance):
    assert instance.ssh("sudo -n id -un") == "root"


def test_an_instance_shows_the_host_key_that_was_pinned(instance):
    scanned = subprocess.run(
        ["ssh-keyscan", "-t", "ed25519", instance.address], check=True, capture_output=True, text=True, timeout=20
    )
    assert instance.host_key in scanned.stdout


def test_an_instance_boots_with_every_service_running(instance):
    assert instance.ssh("systemctl --failed --plain --no-legend") == ""


def test_an_instance_has_no_docker_before_it_is_provisioned(instance):
    assert instance.ssh("command -v docker || echo none") == "none"


def test_an_instance_cannot_change_the_kernel_of_its_machine(instance):
    assert "Read-only file system" in instance.ssh("echo 61 | sudo tee /proc/sys/vm/swappiness 2>&1 || true")


def test_an_instance_that_lost_power_boots_again_with_its_disk(instance):
    instance.ssh("echo kept > kept")
    before = instance.ssh("cat /proc/sys/kernel/random/boot_id")
    instance.reboot()
    assert instance.ssh("cat kept") == "kept"
    assert instance.ssh("cat /proc/sys/kernel/random/boot_id") != before


def test_an_instance_cut_off_from_the_network_comes_back_at_its_address(instance):
    instance.disconnect()
    with pytest.raises(OSError, match=r"timed out|No route"):
        socket.create_connection((instance.address, 22), timeout=1)
    instance.reconnect()
    instance.wait()
    assert instance.ssh("echo here") == "here"
