"""The clock is kept right by one service, and tells UTC."""

from provisioning import clock
from provisioning.host import Ran


def test_the_service_that_keeps_the_clock_already_stays(shaped, machine, changed):
    host = shaped({"systemctl is-active chrony.service *": Ran(0, "active\ninactive\ninactive\n")})

    changes = clock.ensure(host, machine)

    assert [change.what for change in changes] == ["time zone", "chrony.service"]
    assert host.acted == []


def test_where_there_is_none_systemd_s_is_installed(rented, machine, changed):
    host = rented({"systemctl is-active chrony.service *": Ran(3, "inactive\ninactive\ninactive\n")})

    changes = clock.ensure(host, machine)

    assert changed(changes) == ["time zone", "package of the clock"]
    assert host.acted[-1] == "systemctl enable --now systemd-timesyncd.service"


def test_the_time_zone_becomes_utc(rented, machine):
    host = rented()

    changes = clock.ensure(host, machine)

    assert changes[0].diff == "Europe/Berlin → Etc/UTC"
    assert "timedatectl set-timezone Etc/UTC" in host.acted


def test_a_container_has_the_clock_of_its_machine(rented, container):
    host = rented()

    assert "that of the machine beneath it" in clock.ensure(host, container)[-1].missing
    assert host.acted == ["timedatectl set-timezone Etc/UTC"]
