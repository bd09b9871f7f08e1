"""Swap: makes a short lack of memory slow instead of fatal for the database."""

from provisioning.change import Change
from provisioning.ensure import unit, unit_file
from provisioning.host import Host, HostError
from provisioning.machine import Machine

_FILE, _UNIT = "/swapfile", "swapfile.swap"
_GIGABYTE = 1024**3
_LARGE_DISK_GIGABYTES, _LEFT_FREE_GIGABYTES = 20, 2


def ensure(host: Host, machine: Machine) -> list[Change]:
    """Keep existing swap, else create a file of 1 GB, or 2 GB on a disk of at least 20 GB."""
    if machine.container:
        return [machine.unavailable("swap", "it belongs to the machine beneath it")]
    areas = [line.split()[0] for line in host.run("cat", "/proc/swaps").out.splitlines()[1:]]
    if areas and _FILE not in areas:
        return [Change("swap")]
    return [_swap_file(host), unit_file(host, _UNIT), unit(host, _UNIT)]


def _swap_file(host: Host) -> Change:
    if host.run("test", "-e", _FILE, check=False).ok:
        return Change(_FILE)
    size, free = map(int, host.run("df", "--block-size=1", "--output=size,avail", "/").out.split()[-2:])
    gigabytes = 2 if size >= _LARGE_DISK_GIGABYTES * _GIGABYTE else 1
    if free < (gigabytes + _LEFT_FREE_GIGABYTES) * _GIGABYTE:
        raise HostError(f"{host.name}: its disk has no room for {gigabytes} GB of swap; make some, or a larger disk.")
    # Under another name until it is complete: the next run would take an unfinished file for swap.
    host.act("sh", "-c", 'umask 077; fallocate -l "$2" "$1.new" && mkswap -q "$1.new" && mv "$1.new" "$1"',
             "sh", _FILE, str(gigabytes * _GIGABYTE))  # fmt: skip
    return Change(_FILE, changed=True, diff=f"nothing → {gigabytes} GB")
