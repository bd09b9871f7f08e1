"""The journal: kept across reboots, with a limit so that it does not fill the disk."""

from provisioning.change import Change
from provisioning.ensure import file
from provisioning.host import Host


def ensure(host: Host) -> list[Change]:
    """Keep 30 days, in at most 500 MB."""
    return [file(host, "/etc/systemd/journald.conf.d/invoices.conf", restart=("systemd-journald.service",))]
