"""The journal: kept across reboots, with a limit so that it does not fill the disk."""

from provisioning.change import Change
from provisioning.ensure import file
from provisioning.host import Host

_PATH = "/etc/systemd/journald.conf.d/invoices.conf"


def ensure(host: Host) -> list[Change]:
    """Keep 30 days, in at most 500 MB."""
    return [file(host, _PATH, restart=("systemd-journald.service",))]
