"""Packages that every server of ours has, and some that none has."""

from provisioning.change import Change
from provisioning.ensure import no_packages, packages
from provisioning.host import Host

_NEEDED = (
    "apparmor", "ca-certificates", "dbus", "e2fsprogs", "iproute2", "kmod", "logrotate", "openssh-server", "procps",
    "sudo",
)  # fmt: skip
# What listens without encryption, or hides what was changed (dev-sec package-01 to package-06, package-09).
_UNWANTED = (
    "atftpd", "inetutils-inetd", "inetutils-telnetd", "nis", "openbsd-inetd", "prelink", "rsh-redone-server",
    "rsh-server", "telnetd", "tftpd-hpa", "xinetd", "ypserv",
)  # fmt: skip


def ensure(host: Host) -> list[Change]:
    """Have the packages that the other parts rely on, and none that listen in clear text."""
    return [packages(host, _NEEDED, what="packages of the system"), no_packages(host, _UNWANTED)]
