"""Security updates: installed every night, with a reboot if one is needed."""

from provisioning.change import Change
from provisioning.ensure import file, packages, unit
from provisioning.host import Host

_PATH = "/etc/apt/apt.conf.d/52invoices-security-updates"
_TIMERS = ("apt-daily.timer", "apt-daily-upgrade.timer")


def ensure(host: Host) -> list[Change]:
    """Update daily; a reboot is at 03:30 UTC, before the snapshot at 06:00."""
    installed = packages(host, ["unattended-upgrades"], what="package of the security updates")
    return [installed, file(host, _PATH), *(unit(host, timer) for timer in _TIMERS)]
