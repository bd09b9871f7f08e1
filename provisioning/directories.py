"""The folders of releases, settings, dumps and logs; only root writes to them."""

from collections.abc import Mapping

from provisioning.change import Change
from provisioning.ensure import directory
from provisioning.host import Host

# Without the deploy lock, /opt/invoices/lock: creating that folder is how the lock is taken.
MODES: Mapping[str, str] = {
    "/opt/invoices": "0755",
    "/opt/invoices/releases": "0755",
    "/opt/invoices/proxy": "0755",  # read by the proxy, which is not root
    "/etc/invoices": "0755",
    "/var/lib/invoices": "0700",
    "/var/lib/invoices/backups": "1777",  # where no bucket is rented: containers of two users write to it
    "/var/lib/invoices/dumps": "0700",
    "/var/lib/invoices/reports": "0755",  # read by the app, which is not root
    "/var/log/invoices": "0750",
}


def ensure(host: Host) -> list[Change]:
    return [directory(host, path, mode) for path, mode in MODES.items()]
