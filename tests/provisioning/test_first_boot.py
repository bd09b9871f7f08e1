"""A server that was rented a minute ago is waited for, and brought up to date once."""

import pytest

from provisioning import first_boot
from provisioning.host import HostError, Ran

WAITING = "timeout 600 cloud-init status --wait"
UPGRADES = {
    "apt-get -s * dist-upgrade": Ran(
        0,
        "Inst linux-image-aws [6.8.0-1001] (6.8.0-1040 Ubuntu:24.04/noble-updates [amd64])\n"
        "Inst openssl [3.0.13-0ubuntu3] (3.0.13-0ubuntu3.6 Ubuntu:24.04/noble-updates [amd64])\n"
        "Conf openssl (3.0.13-0ubuntu3.6 Ubuntu:24.04/noble-updates [amd64])\n",
    ),
}
NEWEST_KERNEL = {"sh -c *newest=*": Ran(0, "")}
OLD_KERNEL = {"sh -c *newest=*": Ran(1, "")}


def test_the_end_of_cloud_init_is_waited_for_before_anything_is_done(rented, machine):
    host = rented()

    first_boot.ensure(host, machine)

    assert host.asked[1] == WAITING


def test_a_server_without_cloud_init_is_not_waited_for(rented, machine):
    host = rented({"sh -c command -v cloud-init": Ran(127, "")})

    first_boot.ensure(host, machine)

    assert WAITING not in host.asked


def test_a_cloud_init_that_failed_is_told_with_where_to_look(rented, machine):
    with pytest.raises(HostError, match=r"198\.51\.100\.9: cloud-init failed: `cloud-init status --long`"):
        first_boot.ensure(rented({WAITING: Ran(1, "status: error\n")}), machine)


def test_a_cloud_init_that_does_not_end_is_given_up(rented, machine):
    with pytest.raises(HostError, match="cloud-init has not ended after 10 minutes"):
        first_boot.ensure(rented({WAITING: Ran(124, "....")}), machine)


def test_a_cloud_init_that_recovered_from_an_error_is_good_enough(rented, machine, changed):
    assert changed(first_boot.ensure(rented({WAITING: Ran(2, "status: degraded\n")}), machine)) == []


def test_packages_are_upgraded_without_a_question(rented, machine):
    host = rented(UPGRADES | NEWEST_KERNEL)

    changes = first_boot.ensure(host, machine)

    assert changes[1].diff == "↑ linux-image-aws\n↑ openssl"
    assert host.acted[-1].endswith(
        "-o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold -y dist-upgrade"
    )


def test_a_kernel_that_is_not_the_newest_is_restarted_into(rented, machine, changed):
    host = rented(UPGRADES | OLD_KERNEL)

    assert changed(first_boot.ensure(host, machine)) == ["newest packages", "restart into the newest packages"]
    assert host.acted[-1] == "restart"


def test_a_restart_that_an_interrupted_run_left_out_is_made_by_the_next(rented, machine):
    host = rented(OLD_KERNEL)

    first_boot.ensure(host, machine)

    assert host.acted[-1] == "restart"


def test_a_restart_that_the_packages_ask_for_is_made(rented, machine):
    host = rented(UPGRADES | NEWEST_KERNEL | {"test -e /run/reboot-required": Ran(0, "")})

    first_boot.ensure(host, machine)

    assert host.acted[-1] == "restart"


def test_a_container_is_not_restarted(rented, container):
    host = rented(UPGRADES | OLD_KERNEL)

    first_boot.ensure(host, container)

    assert "restart" not in host.acted


def test_a_server_that_has_docker_is_left_to_its_nightly_updates(shaped, machine):
    host = shaped(UPGRADES | OLD_KERNEL)

    first_boot.ensure(host, machine)

    assert host.acted == []


def test_a_rehearsal_says_what_would_be_upgraded_and_does_nothing(rented, machine, changed):
    host = rented(UPGRADES | OLD_KERNEL, is_rehearsal=True)

    assert changed(first_boot.ensure(host, machine)) == ["newest packages", "restart into the newest packages"]
    assert host.acted == []
