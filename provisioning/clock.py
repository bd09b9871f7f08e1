"""The time: kept right by one service, and told in UTC."""

from provisioning.change import Change
from provisioning.ensure import packages, unit
from provisioning.host import Host
from provisioning.machine import Machine

_KEEPERS = ("chrony.service", "ntpsec.service", "systemd-timesyncd.service")


def ensure(host: Host, machine: Machine) -> list[Change]:
    """Have UTC, and some service that keeps the clock right: the one that is there, or systemd's."""
    if machine.container:
        return [_utc(host), machine.lacks("clock", "it is that of the machine beneath it")]
    active = host.run("systemctl", "is-active", *_KEEPERS, check=False).out.split()
    keeping = [name for name, state in zip(_KEEPERS, active, strict=False) if state == "active"]
    if keeping:
        return [_utc(host), unit(host, keeping[0])]
    brought = packages(host, ["systemd-timesyncd"], what="package of the clock")
    return [_utc(host), brought, unit(host, "systemd-timesyncd.service", is_new=brought.changed)]


def _utc(host: Host) -> Change:
    zone = host.run("timedatectl", "show", "--property=Timezone", "--value", check=False).out.strip()
    if zone in {"Etc/UTC", "UTC"}:
        return Change("time zone")
    host.act("timedatectl", "set-timezone", "Etc/UTC")
    return Change("time zone", changed=True, diff=f"{zone} → Etc/UTC")
