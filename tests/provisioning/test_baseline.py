"""The parts of a server as a whole: in order, once, rehearsed, and finished where a run was broken off."""

import inspect
import re
from pathlib import Path

import pytest

from provisioning import baseline
from provisioning.baseline import provision
from provisioning.host import HostError, Ran


def _provision(host, settings, can_still_connect=lambda: True):
    return list(provision(host, settings, can_still_connect))


def test_a_server_as_it_was_rented_is_changed(rented, settings, changed):
    changes = _provision(rented(), settings)

    assert len(changed(changes)) > 40


def test_a_server_that_was_shaped_is_left_as_it_is(shaped, settings, changed):
    host = shaped()

    changes = _provision(host, settings)

    assert changed(changes) == []
    assert host.acted == []


def test_a_rehearsal_reports_the_same_and_writes_nothing(rented, settings, changed):
    rehearsed = rented(is_rehearsal=True)
    rehearsal = _provision(rehearsed, settings, lambda: pytest.fail("there is nothing to check"))
    real = _provision(rented(), settings)

    assert changed(rehearsal) == changed(real)
    assert rehearsed.acted == []


def test_every_part_has_its_turn():
    modules = Path(baseline.__file__).parent.glob("*.py")
    parts = {module.stem for module in modules if "\ndef ensure(" in module.read_text()}

    assert len(parts) > 10
    assert parts == set(re.findall(r"yield from (\w+)\.ensure", inspect.getsource(baseline)))


def test_each_change_is_told_as_it_is_done(rented, settings):
    host = rented()

    first = next(provision(host, settings, lambda: True))

    assert first.what == "end of the first boot"
    assert not any("fail2ban" in line for line in host.acted)


def test_what_must_start_anew_does_so_once_and_last(rented, settings):
    host = rented()

    _provision(host, settings)

    restarts = [line for line in host.acted if line.startswith("systemctl restart")]
    assert restarts == [
        "systemctl restart systemd-journald.service",
        "systemctl restart fail2ban.service",
        "systemctl restart docker.service",
    ]


def test_what_a_broken_run_left_to_start_anew_is_done_by_the_next(shaped, settings, changed):
    left = {"find /run/invoices-pending/restart *": Ran(0, "docker.service\n")}
    host = shaped(left)

    changes = _provision(host, settings)

    assert changed(changes) == ["restart of docker.service"]
    assert host.acted == [
        "systemctl restart docker.service",
        "rm -f -- /run/invoices-pending/restart/docker.service",
    ]


def test_a_run_that_breaks_off_leaves_a_note_of_what_must_start_anew(rented, settings):
    host = rented({"augenrules *": Ran(1, "", "no netlink")})

    with pytest.raises(HostError, match="augenrules"):
        _provision(host, settings)

    assert "install -D /dev/null /run/invoices-pending/restart/docker.service" in host.acted
    assert "systemctl restart docker.service" not in host.acted


def test_the_firewall_stands_before_docker_is_there(rented, settings):
    host = rented()

    _provision(host, settings)

    assert host.acted.index("write /etc/invoices/firewall.nft") < next(
        place for place, line in enumerate(host.acted) if "docker.io" in line
    )


def test_a_server_is_brought_up_to_date_before_anything_is_installed(rented, settings):
    host = rented({"apt-get -s * dist-upgrade": Ran(0, "Inst openssl [3.0.2] (3.0.3 Ubuntu:24.04/noble-security)\n")})

    _provision(host, settings)

    words = [line.rpartition(" ")[2] for line in host.acted]
    first_installed = next(place for place, line in enumerate(host.acted) if " install -y " in line)
    assert words.index("dist-upgrade") < first_installed


def test_no_secret_stands_in_a_command_or_a_file(rented, settings):
    host = rented()

    changes = _provision(host, settings)

    said = "\n".join([*host.asked, *host.acted, *host.stdin, *host.files.values(), *map(repr, changes)])
    assert "hidden-1" not in said


def test_a_container_is_told_what_it_cannot_have(rented, settings):
    in_container = {
        "systemd-detect-virt --container": Ran(0, "docker\n"),
        "sysctl --ignore *": Ran(0, "net.ipv4.tcp_syncookies = 1\n"),
    }

    changes = _provision(rented(in_container), settings)

    assert [change.what for change in changes if change.missing] == [
        "kernel settings", "clock", "swap", "limit of the inbox", "auditd",
    ]  # fmt: skip


def test_a_real_machine_has_everything(rented, settings):
    assert [change for change in _provision(rented(), settings) if change.missing] == []
