"""A nightly timer that removes images no release needs, so that deploys do not fill the disk."""

from provisioning.change import Change
from provisioning.ensure import file, unit, unit_file
from provisioning.host import Host

_NAME = "invoices-prune-images"


def ensure(host: Host) -> list[Change]:
    return [
        file(host, "/usr/local/sbin/invoices-prune-images", mode="0755", valid=("sh", "-n", "{}")),
        unit_file(host, f"{_NAME}.service"),
        unit_file(host, f"{_NAME}.timer"),
        unit(host, f"{_NAME}.timer"),
    ]
