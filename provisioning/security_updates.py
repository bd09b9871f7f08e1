"""Security updates: installed every night, with a reboot if one is needed and nobody has to unlock the server."""

from provisioning.change import Change
from provisioning.ensure import file, packages, unit
from provisioning.host import Host
from provisioning.rootfs_files import text

_PATH = "/etc/apt/apt.conf.d/52invoices-security-updates"
_REBOOTS = 'Automatic-Reboot "true"'
_TIMERS = ("apt-daily.timer", "apt-daily-upgrade.timer")


def ensure(host: Host, *, reboots: bool = True) -> list[Change]:
    """Update daily; a reboot is at 03:30 UTC, before the snapshot at 06:00."""
    installed = packages(host, ["unattended-upgrades"], what="package of the security updates")
    content = text(_PATH) if reboots else text(_PATH).replace(_REBOOTS, _REBOOTS.replace("true", "false"))
    return [installed, file(host, _PATH, content), *(unit(host, timer) for timer in _TIMERS)]
