"""Timers that make backups, and prove each night that what they hold can be restored."""

from provisioning.change import Change
from provisioning.ensure import file, unit, unit_file
from provisioning.host import Host

KINDS = ("backup", "base-backup", "certificate")


def ensure(host: Host) -> list[Change]:
    changes = [file(host, "/usr/local/lib/invoices/backups.py")]
    for kind in KINDS:
        changes += [
            unit_file(host, f"invoices-{kind}.service"),
            unit_file(host, f"invoices-{kind}.timer"),
            unit(host, f"invoices-{kind}.timer"),
        ]
    return changes
