"""Security updates: installed every night, with a reboot if one is needed and nobody has to unlock the server."""

from provisioning.change import Change
from provisioning.ensure import file, packages, unit, unit_file
from provisioning.host import Host
from provisioning.machine import Machine
from provisioning.rootfs_files import filled
from provisioning.settings import HostSettings

_PATH = "/etc/apt/apt.conf.d/52invoices-security-updates"
_ENGINE_UPDATES = "apt-daily-upgrade.service.d/invoices.conf"
_TIMERS = ("apt-daily.timer", "apt-daily-upgrade.timer")


def ensure(host: Host, settings: HostSettings, machine: Machine) -> list[Change]:
    installed = packages(host, ["unattended-upgrades"], what="package of the security updates")
    engine = " ".join(sorted({*machine.docker_packages, "containerd", "runc"}))
    restarts = "false" if settings.disk_encryption == "typed" else "true"
    return [
        installed,
        file(host, _PATH, filled(_PATH, restarts=restarts, reboot_time=settings.reboot_time)),
        unit_file(host, _ENGINE_UPDATES, engine_packages=engine),
        *(unit(host, timer) for timer in _TIMERS),
    ]
