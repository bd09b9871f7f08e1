"""Updates come by themselves each night, those of the engine too, and restart the server at the hour that was set."""

import shutil
import subprocess

import pytest

from provisioning import security_updates
from provisioning.machine import Machine

CONFIGURATION = "/etc/apt/apt.conf.d/52invoices-security-updates"
ENGINE = "/etc/systemd/system/apt-daily-upgrade.service.d/invoices.conf"


def test_a_server_that_was_shaped_is_left_as_it_is(shaped, settings, machine):
    host = shaped()

    security_updates.ensure(host, settings, machine)

    assert host.acted == []


def test_a_rehearsal_reports_the_same_and_writes_nothing(rented, settings, machine, changed):
    host = rented(is_rehearsal=True)

    rehearsed = changed(security_updates.ensure(host, settings, machine))

    assert rehearsed == changed(security_updates.ensure(rented(), settings, machine))
    assert host.acted == []


def test_updates_restart_the_server_in_the_small_hours_only(rented, settings, machine):
    host = rented()

    security_updates.ensure(host, settings, machine)

    lines = host.files[CONFIGURATION].splitlines()
    assert 'Unattended-Upgrade::Automatic-Reboot "true";' in lines
    assert 'Unattended-Upgrade::Automatic-Reboot-Time "03:30";' in lines


def test_the_hour_of_restarts_is_a_setting(rented, settings, machine):
    host = rented()

    security_updates.ensure(host, settings.model_copy(update={"reboot_time": "16:15"}), machine)

    assert 'Unattended-Upgrade::Automatic-Reboot-Time "16:15";' in host.files[CONFIGURATION].splitlines()


@pytest.mark.skipif(not shutil.which("apt-config"), reason="needs apt")
def test_apt_reads_what_was_written(rented, settings, machine, tmp_path):
    host = rented()
    security_updates.ensure(host, settings, machine)
    (tmp_path / "apt.conf").write_text(host.files[CONFIGURATION])

    dumped = subprocess.run(
        ["apt-config", "dump"],
        env={"APT_CONFIG": str(tmp_path / "apt.conf")},
        check=True,
        capture_output=True,
        text=True,
    ).stdout

    assert 'Unattended-Upgrade::Automatic-Reboot-Time "03:30";' in dumped


@pytest.mark.parametrize(
    ("system", "packages", "engine"),
    [
        ("ubuntu 24.04", ("docker.io", "docker-compose-v2"), "containerd docker-compose-v2 docker.io runc"),
        ("debian 13", ("docker.io", "docker-cli", "iptables"), "containerd docker-cli docker.io iptables runc"),
    ],
)
def test_the_engine_is_updated_also_where_its_fixes_are_no_security_updates(rented, settings, system, packages, engine):
    host = rented()

    security_updates.ensure(host, settings, Machine(system, packages))

    [line] = [line for line in host.files[ENGINE].splitlines() if line.startswith("ExecStartPost=")]
    assert line.endswith(f"install --only-upgrade {engine}")
    assert "systemctl daemon-reload" in host.acted


def test_an_engine_that_cannot_be_updated_does_not_make_the_night_fail(rented, settings, machine):
    host = rented()

    security_updates.ensure(host, settings, machine)

    assert "ExecStartPost=-/usr/bin/apt-get " in host.files[ENGINE]
