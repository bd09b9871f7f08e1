"""Servers as the tests of provisioning start from them: as rented, and as they are once they were shaped."""

import pytest
from support.recording_host import RecordingHost

from provisioning import baseline, directories, file_modes, kernel
from provisioning.host import Ran
from provisioning.machine import Machine
from provisioning.settings import HostSettings

UBUNTU = ("docker.io", "docker-compose-v2", "docker-buildx")
MODULI = "# Time Type Tests Tries Size Generator Modulus\n1 2 6 100 2047 5 A\n1 2 6 100 3071 2 B\n1 2 6 100 4095 5 C\n"
SYSTEM_FILES = {
    "/etc/os-release": 'ID=ubuntu\nVERSION_ID="24.04"\nPRETTY_NAME="Ubuntu 24.04.3 LTS"\n',
    "/etc/passwd": "root:x:0:0:root:/root:/bin/bash\nubuntu:x:1000:1000::/home/ubuntu:/bin/bash\n",
    "/etc/ssh/moduli": MODULI,
}
RENTED = {
    "systemd-detect-virt --container": Ran(1, "none\n"),
    "getent passwd ubuntu": Ran(0, "ubuntu:x:1000:1000::/home/ubuntu:/bin/bash\n"),
    "id -gn ubuntu": Ran(0, "ubuntu\n"),
    "passwd -S -a": Ran(0, "root L 2026-01-01 0 99999 7 -1\nubuntu L 2026-01-01 0 99999 7 -1\n"),
    "passwd -S root": Ran(0, "root L 2026-01-01 0 99999 7 -1\n"),
    "sysctl --ignore *": Ran(0, "".join(f"{key} = 9\n" for key in kernel.SETTINGS)),
    "df *": Ran(0, "1B-blocks Avail\n85899345920 64424509440\n"),
    "cat /proc/swaps": Ran(0, "Filename Type Size Used Priority\n"),
    "test -e *": Ran(1, ""),
    "stat * %F *": Ran(1, "", "No such file or directory"),
    "systemctl is-enabled *": Ran(1, "disabled\n"),
    "systemctl is-active *": Ran(3, "inactive\n"),
    "timedatectl show *": Ran(0, "Europe/Berlin\n"),
    "findmnt *": Ran(0, "ext4 259:1 / rw,relatime,discard\n"),
    "tune2fs -l *": Ran(0, "Reserved block count: 0\nBlock size: 4096\nReserved blocks uid: 0 (user root)\n"),
    "nft list table inet invoices": Ran(1, "", "No such file or directory"),
    "find /run/invoices-pending/restart *": Ran(1, ""),
}
PACKAGES = """apparmor ca-certificates dbus e2fsprogs iproute2 kmod logrotate openssh-server procps sudo nftables
fail2ban python3-systemd docker.io docker-compose-v2 docker-buildx auditd systemd-timesyncd
unattended-upgrades openssl python3 python3-boto3""".split()
SHAPED = {
    "dpkg-query *": Ran(0, "".join(f"ii  {name}\n" for name in PACKAGES)),
    "dpkg-query * atftpd *": Ran(1, "", "no packages found"),
    "sysctl --ignore *": Ran(0, "".join(f"{key} = {value}\n" for key, value in kernel.SETTINGS.items())),
    "cat /proc/swaps": Ran(0, "Filename Type Size Used Priority\n/swapfile file 2097148 0 -2\n"),
    "test -e /swapfile": Ran(0, ""),
    "test -e /var/lib/invoices/inbox.img": Ran(0, ""),
    "getent passwd inbox": Ran(0, "inbox:x:10003:10003::/:/usr/sbin/nologin\n"),
    **{
        f"stat --format=%a %U:%G %F /srv/inbox/{name}": Ran(0, "2770 inbox:inbox directory\n")
        for name in ("inbox", "done", "problems")
    },
    **{
        f"stat --format=%a %U:%G %F {path}": Ran(0, f"{mode.lstrip('0')} root:root directory\n")
        for path, mode in {**directories.MODES, "/usr/local/lib/invoices": "0755", "/srv/inbox": "0755"}.items()
    },
    "systemctl is-enabled *": Ran(0, "enabled\n"),
    "systemctl is-active *": Ran(0, "active\n"),
    "systemctl is-active chrony.service *": Ran(3, "inactive\ninactive\nactive\n"),
    "timedatectl show *": Ran(0, "Etc/UTC\n"),
    "findmnt *": Ran(0, "ext4 259:1 / rw,relatime,discard,resuid=999\n"),
    "tune2fs -l *": Ran(0, "Reserved block count: 65536\nBlock size: 4096\nReserved blocks uid: 999\n"),
    "nft list table inet invoices": Ran(0, "table inet invoices {\n}\n"),
}
SHAPED_MODES = {
    **{path: f"{mode.lstrip('0')} {owner}" for path, (mode, owner) in file_modes.MODES.items()},
    "/home/ubuntu/.ssh": "700 ubuntu:ubuntu",
    "/home/ubuntu/.ssh/authorized_keys": "600 ubuntu:ubuntu",
}


@pytest.fixture
def settings() -> HostSettings:
    return HostSettings(
        host="198.51.100.9", ipv6_address="2001:db8::9", user="ubuntu", server_name="invoices",
        instance_name="invoices", host_keys=(), domain="invoices.example.com", region="us-east-1",
        ssh_cidrs=("203.0.113.7/32", "2001:db8:1::/48"), dns_records_to_set="", backup_bucket="b",
        aws_access_key_id="id", aws_secret_access_key="hidden-1",
        alarm_topic="", metric_namespace="", app_secret="", monthly_cost={},
    )  # fmt: skip


@pytest.fixture
def machine() -> Machine:
    return Machine("ubuntu 24.04", UBUNTU)


@pytest.fixture
def container() -> Machine:
    return Machine("debian 13", ("docker.io",), container="docker")


@pytest.fixture
def rented():
    """Return a server as it was rented, with other answers or files where they are given."""

    def make(answers=None, files=None, modes=None, *, is_rehearsal=False):
        return RecordingHost(
            files=SYSTEM_FILES | (files or {}), answers=RENTED | (answers or {}), modes=modes, is_rehearsal=is_rehearsal
        )

    return make


@pytest.fixture
def shaped(settings):
    """Return a server that was shaped, with other answers or files where they are given."""
    before = RecordingHost(files=SYSTEM_FILES, answers=RENTED)
    list(baseline.provision(before, settings, lambda: True))

    def make(answers=None, files=None, modes=None, *, is_rehearsal=False):
        return RecordingHost(
            files=before.files | (files or {}), answers=RENTED | SHAPED | (answers or {}),
            modes=before.modes | SHAPED_MODES | (modes or {}), is_rehearsal=is_rehearsal,
        )  # fmt: skip

    return make


@pytest.fixture
def changed():
    """Return a function that names what was changed."""
    return lambda changes: [change.what for change in changes if change.changed]
