"""There is some swap, and room for it."""

import pytest

from provisioning import swap
from provisioning.host import HostError, Ran

GIGABYTE = 1024**3


@pytest.mark.parametrize(("disk", "gigabytes"), [(80, 2), (20, 2), (19, 1)])
def test_its_size_follows_the_disk(rented, machine, disk, gigabytes):
    host = rented({"df *": Ran(0, f"1B-blocks Avail\n{disk * GIGABYTE} {10 * GIGABYTE}\n")})

    changes = swap.ensure(host, machine)

    assert changes[0].diff == f"nothing → {gigabytes} GB"
    assert host.acted[0].endswith(f"sh /swapfile {gigabytes * GIGABYTE}")
    assert host.acted[-1] == "systemctl enable --now swapfile.swap"


def test_a_full_disk_is_said_before_anything_is_done(rented, machine):
    host = rented({"df *": Ran(0, f"1B-blocks Avail\n{80 * GIGABYTE} {3 * GIGABYTE}\n")})

    with pytest.raises(HostError, match="its disk has no room for 2 GB of swap"):
        swap.ensure(host, machine)

    assert host.acted == []


def test_swap_that_is_there_already_stays(rented, machine, changed):
    host = rented({"cat /proc/swaps": Ran(0, "Filename Type Size Used Priority\n/dev/zram0 partition 1 0 5\n")})

    assert changed(swap.ensure(host, machine)) == []
    assert host.acted == []


def test_a_container_has_none_of_its_own(rented, container):
    host = rented()

    assert "belongs to the machine beneath it" in swap.ensure(host, container)[0].missing
    assert host.acted == []


def test_a_second_run_changes_nothing(shaped, machine, changed):
    assert changed(swap.ensure(shaped(), machine)) == []
