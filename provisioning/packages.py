"""Packages that every server has, and packages that are removed."""

from provisioning.change import Change
from provisioning.ensure import no_packages, packages
from provisioning.host import Host

_NEEDED = (
    "apparmor", "ca-certificates", "dbus", "e2fsprogs", "iproute2", "kmod", "logrotate", "openssh-server", "procps",
    "sudo",
)  # fmt: skip
# They listen without encryption, or hide what was changed (dev-sec package-01 to package-06, package-09).
_UNWANTED = (
    "atftpd", "inetutils-inetd", "inetutils-telnetd", "nis", "openbsd-inetd", "prelink", "rsh-redone-server",
    "rsh-server", "telnetd", "tftpd-hpa", "xinetd", "ypserv",
)  # fmt: skip


def ensure(host: Host) -> list[Change]:
    return [packages(host, _NEEDED, what="packages of the system"), no_packages(host, _UNWANTED)]
