"""The parts of a server that are little more than a file and a unit."""

import os
import subprocess
import time

import pytest

from provisioning import (
    audit,
    backups,
    directories,
    fail2ban,
    file_modes,
    journal,
    nightly_pruning,
    packages,
)
from provisioning.host import HostError, Ran
from provisioning.rootfs_files import filled, text

PARTS = [backups, fail2ban, directories, file_modes, journal, nightly_pruning, packages]
NAMES = [part.__name__.rsplit(".", maxsplit=1)[-1] for part in PARTS]


@pytest.mark.parametrize("part", PARTS, ids=NAMES)
def test_a_server_as_it_was_rented_is_changed(rented, changed, part):
    assert changed(part.ensure(rented())) != []


@pytest.mark.parametrize("part", PARTS, ids=NAMES)
def test_a_server_that_was_shaped_is_left_as_it_is(shaped, part):
    host = shaped()

    part.ensure(host)

    assert host.acted == []


@pytest.mark.parametrize("part", PARTS, ids=NAMES)
def test_a_rehearsal_reports_the_same_and_writes_nothing(rented, changed, part):
    host = rented(is_rehearsal=True)

    assert changed(part.ensure(host)) == changed(part.ensure(rented()))
    assert host.acted == []


def test_packages_that_listen_in_clear_text_are_removed(shaped):
    host = shaped({"dpkg-query * atftpd *": Ran(1, "ii  telnetd\nii  xinetd\n")})

    packages.ensure(host)

    assert host.acted[0].endswith("purge -y telnetd xinetd")


def test_a_package_that_cannot_be_had_is_said(rented):
    with pytest.raises(HostError, match="Unable to locate package apparmor"):
        packages.ensure(rented({"* install -y *": Ran(100, "", "E: Unable to locate package apparmor")}))


def test_lists_of_packages_that_are_fresh_are_not_fetched_again(rented):
    host = rented({"find /run/invoices-package-lists *": Ran(0, "/run/invoices-package-lists\n")})

    packages.ensure(host)

    assert not [line for line in host.acted if line.endswith(" update")]


def test_the_journal_is_capped():
    lines = text("/etc/systemd/journald.conf.d/invoices.conf").splitlines()

    assert {"SystemMaxUse=500M", "MaxRetentionSec=30day", "Storage=persistent"} <= set(lines)


def test_the_lock_of_deploys_is_not_made():
    assert "/opt/invoices/lock" not in directories.MODES


def test_a_file_that_is_not_there_needs_no_mode(rented, changed):
    host = rented({"stat --format=%a %U:%G /etc/crontab": Ran(1, "", "No such file or directory")})

    assert "/etc/crontab" not in changed(file_modes.ensure(host))


def test_docker_s_files_are_audited(rented, machine):
    host = rented()

    audit.ensure(host, machine)

    assert "augenrules --load" in host.acted
    assert "-F path=/var/lib/docker -F perm=wa -F key=docker" in host.files["/etc/audit/rules.d/50-invoices.rules"]


def test_a_container_reports_to_no_audit(rented, container):
    host = rented()

    assert "the kernel reports to the machine beneath it only" in audit.ensure(host, container)[0].missing
    assert host.acted == []


def test_a_value_that_is_missing_in_a_file_is_an_error():
    with pytest.raises(KeyError, match="user"):
        filled("/etc/ssh/sshd_config.d/00-invoices.conf")


FAKE_DOCKER = """#!/bin/sh
echo "$@" >> "$CALLS"
case "$*" in
    "container ls"*) echo c1 ;;
    "container inspect"*) echo sha256:running ;;
    "image ls"*) printf '%s\\n' sha256:running sha256:kept sha256:old sha256:before ;;
    "image inspect"*"invoices-app:v2") echo sha256:kept ;;
    "image inspect"*"invoices-app:v2-until-1") echo sha256:before ;;
    "image inspect"*) exit 1 ;;
    "compose"*) [ -z "$COMPOSE_FAILS" ] || exit 15; echo "invoices-app:$VERSION"; echo "caddy:2.11" ;;
esac
"""


@pytest.fixture
def prune(tmp_path):
    """Return a function that runs the script against a Docker that has four images, one release and one refresh."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/docker").write_text(FAKE_DOCKER)
    (tmp_path / "bin/docker").chmod(0o755)
    (tmp_path / "releases/v2").mkdir(parents=True)
    (tmp_path / "releases/v2/docker-compose.yml").write_text("")
    (tmp_path / "kept-images").mkdir()
    (tmp_path / "kept-images/1.refresh").write_text("release v2 v2\ninvoices-app:v2 invoices-app:v2-until-1\n")
    (tmp_path / "script").write_text(text("/usr/local/sbin/invoices-prune-images"))
    calls = tmp_path / "calls"
    calls.write_text("")

    def run(**environment):
        ran = subprocess.run(
            ["sh", tmp_path / "script"], check=False, capture_output=True, text=True, timeout=30,
            env={"PATH": f"{tmp_path}/bin:/usr/bin:/bin", "CALLS": str(calls), "RELEASES": str(tmp_path / "releases"),
                 "SETTINGS": str(tmp_path / "stack.env"), "LOCK": str(tmp_path / "lock"), "TMPDIR": str(tmp_path),
                 "KEPT_IMAGES": str(tmp_path / "kept-images"), "COMPOSE_FAILS": "", **environment},
        )  # fmt: skip
        return ran, [line for line in calls.read_text().splitlines() if " rm " in line or "prune" in line]

    return run


def test_only_images_that_nothing_needs_are_removed(prune):
    ran, removed = prune()

    assert ran.returncode == 0, ran.stderr
    assert removed == ["image rm --force sha256:old", "builder prune --force --filter until=168h"]
    assert ran.stdout == "1 images were removed.\n"


def test_images_of_before_a_refresh_that_is_no_longer_listed_are_removed(prune, tmp_path):
    (tmp_path / "kept-images/1.refresh").unlink()

    _, removed = prune()

    assert "image rm --force sha256:before" in removed


def test_where_a_release_cannot_be_read_nothing_is_removed(prune):
    ran, removed = prune(COMPOSE_FAILS="yes")

    assert ran.returncode != 0
    assert removed == []


@pytest.fixture
def locked(tmp_path):
    """Return a function that takes the lock of deploys so many minutes ago."""

    def lock(minutes):
        (tmp_path / "lock").mkdir()
        os.utime(tmp_path / "lock", (time.time() - minutes * 60,) * 2)

    return lock


def test_while_a_deploy_holds_the_lock_nothing_is_removed(prune, locked):
    locked(minutes=50)

    ran, removed = prune()

    assert ran.returncode == 0
    assert removed == []


def test_a_lock_that_was_left_behind_does_not_let_images_fill_the_disk(prune, locked):
    locked(minutes=70)

    ran, removed = prune()

    assert removed[0] == "image rm --force sha256:old"
    assert "lock is older than an hour and counts no more: `fab lock --release` takes it away." in ran.stderr


@pytest.mark.parametrize(
    ("kind", "others"),
    [("backup", ["base-backup"]), ("certificate", ["base-backup", "backup"])],
)
def test_what_is_proved_is_made_before_where_all_begin_at_once(kind, others):
    [after] = [line for line in text(f"/etc/systemd/system/invoices-{kind}.service").splitlines() if "After=" in line]

    assert after.removeprefix("After=").split()[1:] == [f"invoices-{other}.service" for other in others]
