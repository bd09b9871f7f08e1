"""The configuration of a server: its parts in order, and the units to restart after them."""

from collections.abc import Callable, Iterator

from provisioning import (
    accounts,
    audit,
    backups,
    clock,
    directories,
    disk_reserve,
    docker_engine,
    encrypted_disk,
    fail2ban,
    file_modes,
    firewall,
    first_boot,
    inbox,
    journal,
    kernel,
    machine,
    nightly_pruning,
    packages,
    security_updates,
    ssh_access,
    swap,
    watching,
)
from provisioning.change import Change
from provisioning.host import Host
from provisioning.settings import HostSettings

# In /run: a reboot empties it, and starts every unit with the new settings.
_PENDING = "/run/invoices-pending/restart"


def provision(
    host: Host,
    settings: HostSettings,
    can_still_connect: Callable[[], bool],
    disk_keys: encrypted_disk.DiskKeys | None = None,
) -> Iterator[Change]:
    """Yield each check once it is done; raises HostError at the first part that fails.

    `can_still_connect` returns whether another connection to the server works. Units to restart are listed on the
    server, so that the run after an interrupted one does it.
    """
    listed = host.run("find", _PENDING, "-type", "f", "-printf", "%P\\n", check=False).out.split()
    pending = dict.fromkeys(listed)
    for change in _parts(host, settings, can_still_connect, disk_keys):
        for unit in change.restart:
            pending[unit] = None
            host.act("install", "-D", "/dev/null", f"{_PENDING}/{unit}")
        yield change
    for unit in pending:
        host.act("systemctl", "restart", unit)
        yield Change(f"restart of {unit}", changed=True)
        host.act("rm", "-f", "--", f"{_PENDING}/{unit}")


def _parts(
    host: Host,
    settings: HostSettings,
    can_still_connect: Callable[[], bool],
    disk_keys: encrypted_disk.DiskKeys | None,
) -> Iterator[Change]:
    found = machine.detect(host)
    yield from first_boot.ensure(host, found)  # before all else: it may restart the server
    yield from packages.ensure(host)  # the other parts need these packages
    yield from accounts.ensure(host, settings)  # before SSH refuses passwords: the user must have a key
    yield from kernel.ensure(host, found)  # before Docker: its networks start with these values
    yield from clock.ensure(host, found)
    if settings.disk_encryption == "off":
        yield from swap.ensure(host, found)
    yield from journal.ensure(host)
    yield from encrypted_disk.ensure(host, settings, disk_keys)  # before Docker, and what it is to hold
    yield from directories.ensure(host)  # before the firewall, whose rules are in one of them
    yield from firewall.ensure(host, settings, can_still_connect)  # before Docker can publish a port
    yield from ssh_access.ensure(host, settings, can_still_connect)
    yield from inbox.ensure(host, found, can_still_connect)  # after SSH, which lets its account in; before Docker
    yield from fail2ban.ensure(host)  # after the firewall: it bans with nftables
    yield from docker_engine.ensure(host, found)
    yield from disk_reserve.ensure(host)  # after Docker, whose folder determines the disk
    yield from audit.ensure(host, found)  # after Docker, whose files it watches
    yield from nightly_pruning.ensure(host)
    yield from watching.ensure(host, settings)  # after the folders and Docker, which it looks at
    yield from backups.ensure(host)  # after watching, whose folder its program lies in
    yield from security_updates.ensure(host, settings, found)  # late: it must not update packages during the run
    yield from file_modes.ensure(host)  # last: packages install such files
