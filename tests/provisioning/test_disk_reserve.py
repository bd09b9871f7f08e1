"""Some of the disk is the database's alone."""

import pytest

from provisioning import disk_reserve
from provisioning.host import Ran

AS_RENTED = (
    "Block count:    20707835\nReserved block count:     0\nBlock size:     4096\nReserved blocks uid:  0 (user root)\n"
)
LARGER = AS_RENTED.replace("count:     0", "count:     1000000")
AS_WANTED = AS_RENTED.replace("count:     0", "count:     65536").replace("0 (user root)", "999 (user unknown)")


def disk(kept, options="rw,relatime", kind="ext4"):
    return {"findmnt *": Ran(0, f"{kind} 259:1 / {options}\n"), "tune2fs -l /dev/block/259:1": Ran(0, kept)}


def test_a_disk_as_it_is_rented_keeps_256_megabytes_back_for_the_database(rented):
    host = rented(disk(AS_RENTED))

    (change,) = disk_reserve.ensure(host)

    assert change.diff == "0 blocks for account 0 → 65536 for 999"
    assert host.acted == ["tune2fs -u 999 -r 65536 /dev/block/259:1", "mount -o remount,resuid=999 /"]


def test_what_is_kept_back_already_is_given_to_the_database_as_a_whole(rented):
    host = rented(disk(LARGER))

    disk_reserve.ensure(host)

    assert host.acted[0] == "tune2fs -u 999 -r 1000000 /dev/block/259:1"


def test_what_stands_on_the_disk_and_is_not_felt_yet_is_put_to_use(rented):
    host = rented(disk(AS_WANTED))

    assert disk_reserve.ensure(host)[0].changed
    assert host.acted[-1] == "mount -o remount,resuid=999 /"


def test_a_disk_that_keeps_it_back_stays_as_it_is(rented):
    host = rented(disk(AS_WANTED, "rw,relatime,resuid=999"))

    assert disk_reserve.ensure(host)[0].changed is False
    assert host.acted == []


def test_a_look_at_a_bare_server_asks_for_the_disk_that_docker_will_be_on(rented):
    no_docker_yet = {"test -d /var/lib/docker/volumes": Ran(1, ""), "findmnt * /var/lib/docker/volumes": Ran(1, "")}
    host = rented(disk(AS_RENTED) | no_docker_yet, is_rehearsal=True)

    assert disk_reserve.ensure(host)[0].changed


@pytest.mark.parametrize("kind", ["xfs", "btrfs"])
def test_another_kind_of_disk_has_no_such_thing_and_says_so(rented, kind):
    host = rented(disk("", kind=kind))

    assert disk_reserve.ensure(host)[0].missing == f"{kind} keeps none back, ext4 does"
    assert host.acted == []


def test_a_look_changes_nothing(rented):
    host = rented(disk(AS_RENTED), is_rehearsal=True)

    assert disk_reserve.ensure(host)[0].changed
    assert host.acted == []


def test_a_second_run_changes_nothing(shaped, changed):
    assert changed(disk_reserve.ensure(shaped())) == []
