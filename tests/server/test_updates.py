"""Security updates come by themselves."""

import re
import time

import pytest

_HOUR = 3_600
STAMP = "/var/lib/apt/periodic/upgrade-stamp"
WANTED = {
    "APT::Periodic::Update-Package-Lists": "1",
    "APT::Periodic::Unattended-Upgrade": "1",
    "Unattended-Upgrade::Automatic-Reboot": "true",
}
ENGINE = ("docker.io", "containerd", "runc")


@pytest.fixture(scope="module")
def last_run(server) -> float:
    """When updates were installed last, in seconds of the epoch."""
    if not server.file(STAMP).exists:
        pytest.skip("the first night of the server has not come yet")
    return float(server.check_output("stat --format=%%Y %s", STAMP))


def test_H09_security_updates_are_installed_and_felt(lines_of, facts):
    # Where somebody has to unlock the server, it does not restart by itself.
    restarts = "false" if facts["disk_encryption"] == "typed" else "true"
    wanted = WANTED | {
        "Unattended-Upgrade::Automatic-Reboot": restarts,
        "Unattended-Upgrade::Automatic-Reboot-Time": facts["reboot_time"],
    }
    said = dict(re.findall(r'^(\S+) "(.*)";$', "\n".join(lines_of("apt-config dump")), re.MULTILINE))

    assert {name: said.get(name) for name, value in wanted.items() if said.get(name) != value} == {}


def test_H09_only_security_updates_are(lines_of):
    origins = [line for line in lines_of("apt-config dump") if "Unattended-Upgrade::Origins-Pattern:: " in line]
    allowed = [line for line in lines_of("apt-config dump") if "Unattended-Upgrade::Allowed-Origins:: " in line]

    assert [line for line in origins + allowed if "security" in line.lower()] != []
    assert [line for line in origins + allowed if "-updates" in line or "backports" in line] == []


def test_H09_their_timers_run(server):
    assert server.service("apt-daily.timer").is_running
    assert server.service("apt-daily-upgrade.timer").is_running


def test_H09_they_ran_within_36_hours(last_run):
    assert (time.time() - last_run) / _HOUR < 36


def test_H10_no_security_update_that_was_due_is_missing(server, lines_of, last_run):
    pending = [
        line.split()[1] for line in lines_of("apt-get --simulate dist-upgrade") if re.match(r"Inst .*[Ss]ecurity", line)
    ]

    assert _left_by(last_run, server, "*ecurity*InRelease", pending) == []


def test_H10_the_engine_is_the_newest_of_the_distribution(server, lines_of, last_run):
    simulated = lines_of(f"apt-get --simulate install --only-upgrade {' '.join(ENGINE)}")
    pending = [line.split()[1] for line in simulated if line.startswith("Inst ")]

    assert _left_by(last_run, server, "*InRelease", pending) == []


def _left_by(last_run, server, lists, pending):
    """Return what is pending although the last run could know it: what was published later is for the next."""
    newest = server.check_output(f"stat --format=%Y /var/lib/apt/lists/{lists}").split()
    return pending if max(map(float, newest)) <= last_run else []


def test_H10_a_restart_that_is_due_is_not_put_off(server):
    waits = server.file("/run/reboot-required")

    assert not waits.exists or (time.time() - waits.mtime.timestamp()) / _HOUR < 36
