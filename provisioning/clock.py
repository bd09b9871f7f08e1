"""The clock: UTC, synchronised by one service."""

from provisioning.change import Change
from provisioning.ensure import packages, unit
from provisioning.host import Host
from provisioning.machine import Machine

_TIME_SERVICES = ("chrony.service", "ntpsec.service", "systemd-timesyncd.service")


def ensure(host: Host, machine: Machine) -> list[Change]:
    """Keep the time service that is active, else take systemd-timesyncd."""
    if machine.container:
        return [_utc(host), machine.unavailable("clock", "it is that of the machine beneath it")]
    active = host.run("systemctl", "is-active", *_TIME_SERVICES, check=False).out.split()
    running = [name for name, state in zip(_TIME_SERVICES, active, strict=False) if state == "active"]
    if running:
        return [_utc(host), unit(host, running[0])]
    installed = packages(host, ["systemd-timesyncd"], what="package of the clock")
    return [_utc(host), installed, unit(host, "systemd-timesyncd.service", is_new=installed.changed)]


def _utc(host: Host) -> Change:
    zone = host.run("timedatectl", "show", "--property=Timezone", "--value", check=False).out.strip()
    if zone in {"Etc/UTC", "UTC"}:
        return Change("time zone")
    host.act("timedatectl", "set-timezone", "Etc/UTC")
    return Change("time zone", changed=True, diff=f"{zone} → Etc/UTC")
