"""Room for the database on a disk that containers, users and ordinary programs have filled: it goes on and starts.

ext4 keeps some blocks back for one account, which is root's by default and no use to anybody: containers run as others.
PostgreSQL without a block left cannot end a transaction log, nor start again after it fell (its manual, 28.5).

It does not hold against whoever has CAP_SYS_RESOURCE, whom the kernel lets into what is kept back: root's own programs,
such as dockerd with images and the logs of containers, and apt.
"""

from provisioning.change import Change
from provisioning.host import Host

_WHAT = "room on the disk for the database"
_FOLDER, _FOLDER_BEFORE_DOCKER = "/var/lib/docker", "/var/lib"
_DATABASE = "999"  # its account in the official image
_BYTES = 256 * 1024**2


def ensure(host: Host) -> list[Change]:
    """Have some of the disk that the database is on kept for it, now and from the next start on."""
    found = host.run("findmnt", "--noheadings", "--output", "FSTYPE,MAJ:MIN,TARGET,OPTIONS", "--target", _folder(host))
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


def _folder(host: Host) -> str:
    """Return what tells which disk is meant; a look at a bare server comes before Docker and its folder."""
    return _FOLDER if host.run("test", "-d", _FOLDER, check=False).ok else _FOLDER_BEFORE_DOCKER


def _facts(told: str) -> dict[str, str]:
    """Return what tune2fs says of a file system: `Block size:   4096`, a line each."""
    pairs = (line.split(":", 1) for line in told.splitlines() if ":" in line)
    return {name: value.strip() for name, value in pairs}
