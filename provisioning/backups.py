"""Timers that make backups, and prove each night that what they hold can be restored."""

from provisioning.change import Change
from provisioning.ensure import unit, unit_file
from provisioning.host import Host
from provisioning.watching import script

KINDS = ("backup", "base-backup", "certificate")


def ensure(host: Host) -> list[Change]:
    changes = [script(host, "backup_runs")]
    for kind in KINDS:
        changes += [
            unit_file(host, f"invoices-{kind}.service"),
            unit_file(host, f"invoices-{kind}.timer"),
            unit(host, f"invoices-{kind}.timer"),
        ]
    return changes
