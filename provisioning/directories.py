"""The folders that releases, settings, dumps and records live in; nobody but root writes to them."""

from collections.abc import Mapping

from provisioning.change import Change
from provisioning.ensure import directory
from provisioning.host import Host

# The deploy lock, /opt/invoices/lock, is not among them: that it can be made is the lock.
MODES: Mapping[str, str] = {
    "/opt/invoices": "0755",
    "/opt/invoices/releases": "0755",
    "/opt/invoices/proxy": "0755",  # read by the proxy, which is not root
    "/etc/invoices": "0755",
    "/var/lib/invoices": "0700",
    "/var/lib/invoices/dumps": "0700",
    "/var/log/invoices": "0750",
}


def ensure(host: Host) -> list[Change]:
    """Have each of them, as closed as the table says."""
    return [directory(host, path, mode=mode) for path, mode in MODES.items()]
