"""The configuration of a server: its parts in order, and the units to restart after them."""

from collections.abc import Callable, Iterator

from provisioning import (
    accounts,
    audit,
    clock,
    directories,
    disk_reserve,
    docker_engine,
    fail2ban,
    file_modes,
    firewall,
    journal,
    kernel,
    machine,
    nightly_pruning,
    packages,
    security_updates,
    ssh_access,
    swap,
)
from provisioning.change import Change
from provisioning.host import Host
from provisioning.settings import HostSettings

# In /run: a reboot empties it, and starts every unit with the new settings.
_PENDING = "/run/invoices-pending"


def provision(
    host: Host, settings: HostSettings, can_still_connect: Callable[[], bool], on_change: Callable[[Change], None]
) -> list[Change]:
    """Return what was checked; raises HostError at the first part that fails.

    `can_still_connect` returns whether another connection to the server works; `on_change` is called after each
    check.
    """
    changes = []
    for change in _changes(host, settings, can_still_connect):
        on_change(change)
        changes.append(change)
    return changes


def _changes(host: Host, settings: HostSettings, can_still_connect: Callable[[], bool]) -> Iterator[Change]:
    found = machine.detect(host)
    parts: tuple[Callable[[], list[Change]], ...] = (
        lambda: packages.ensure(host),  # the other parts need these packages
        lambda: accounts.ensure(host, settings),  # before SSH refuses passwords: the user must have a key
        lambda: kernel.ensure(host, found),  # before Docker: its networks start with these values
        lambda: clock.ensure(host, found),
        lambda: swap.ensure(host, found),
        lambda: journal.ensure(host),
        lambda: directories.ensure(host),  # before the firewall, whose rules are in one of them
        lambda: firewall.ensure(host, settings, can_still_connect),  # before Docker can publish a port
        lambda: ssh_access.ensure(host, settings, can_still_connect),
        lambda: fail2ban.ensure(host),  # after the firewall: it bans with nftables
        lambda: docker_engine.ensure(host, found),
        lambda: disk_reserve.ensure(host),  # after Docker, whose folder determines the disk
        lambda: audit.ensure(host, found),  # after Docker, whose files it watches
        lambda: nightly_pruning.ensure(host),
        lambda: security_updates.ensure(host),  # late: it must not update packages during the run
        lambda: file_modes.ensure(host),  # last: packages install such files
    )
    pending = _Pending(host)
    for part in parts:
        for change in part():
            pending.note(change)
            yield change
    yield from pending.carry_out()


class _Pending:
    """Units to restart or reload; listed on the server, so that the run after an interrupted one does it."""

    def __init__(self, host: Host) -> None:
        self._host = host
        listed = host.run("find", _PENDING, "-type", "f", "-printf", "%P\\n", check=False).out.split()
        self._left = dict.fromkeys(listed)

    def note(self, change: Change) -> None:
        for verb, units in (("restart", change.restart), ("reload", change.reload)):
            for unit in units:
                self._left[f"{verb}/{unit}"] = None
                self._host.act("install", "-D", "/dev/null", f"{_PENDING}/{verb}/{unit}")

    def carry_out(self) -> Iterator[Change]:
        for name in self._left:
            verb, _, unit = name.partition("/")
            # A restart reads the settings too, so it replaces a reload of the same unit.
            if verb == "restart" or f"restart/{unit}" not in self._left:
                self._host.act("systemctl", verb if verb == "restart" else "reload-or-restart", unit)
                yield Change(f"{verb} of {unit}", changed=True)
            self._host.act("rm", "-f", "--", f"{_PENDING}/{name}")
