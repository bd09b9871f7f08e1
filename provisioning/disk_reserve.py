"""Room that only the database can fill: on a disk that something else filled, it goes on, and can be read and started.

ext4 keeps some blocks back for one account, which is root's by default and no use to anybody: containers run as others.
PostgreSQL without a block left cannot end a transaction log, nor start again after it fell (its manual, 28.5).
"""

from provisioning.change import Change
from provisioning.host import Host

_WHAT = "room on the disk for the database"
_FOLDER = "/var/lib/docker"
_DATABASE = "999"  # its account in the official image
_BYTES = 256 * 1024**2


def ensure(host: Host) -> list[Change]:
    """Have some of the disk that the database is on kept for it, now and from the next start on."""
    found = host.run("findmnt", "--noheadings", "--output", "FSTYPE,MAJ:MIN,TARGET,OPTIONS", "--target", _FOLDER)
    kind, number, mounted_at, options = found.out.split()
    if kind != "ext4":
        return [Change(_WHAT, missing=f"{kind} keeps none back, ext4 does")]
    device = f"/dev/block/{number}"
    kept = _facts(host.run("tune2fs", "-l", device).out)
    wanted = max(int(kept["Reserved block count"]), _BYTES // int(kept["Block size"]))
    known = (kept["Reserved blocks uid"].split()[0], kept["Reserved block count"])
    is_felt = f"resuid={_DATABASE}" in options.split(",")
    if known == (_DATABASE, str(wanted)) and is_felt:
        return [Change(_WHAT)]
    host.act("tune2fs", "-u", _DATABASE, "-r", str(wanted), device)
    host.act("mount", "-o", f"remount,resuid={_DATABASE}", mounted_at)
    diff = f"{known[1]} blocks for account {known[0]} → {wanted} for {_DATABASE}"
    return [Change(_WHAT, changed=True, diff=diff)]


def _facts(told: str) -> dict[str, str]:
    """Return what tune2fs says of a file system: `Block size:   4096`, a line each."""
    pairs = (line.split(":", 1) for line in told.splitlines() if ":" in line)
    return {name: value.strip() for name, value in pairs}
