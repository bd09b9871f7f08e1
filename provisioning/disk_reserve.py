"""Disk blocks reserved for the database, so that it runs and starts on a disk filled by containers, users and programs.

ext4 reserves some blocks for one account. By default that is root, which is of no use here: containers run as others.
PostgreSQL without a free block cannot finish a transaction log, nor start again after a crash (its manual, 28.5).

Processes with CAP_SYS_RESOURCE can use the reserved blocks too: root's own programs, such as dockerd with images and
the logs of containers, and apt.
"""

from provisioning.change import Change
from provisioning.host import Host

_WHAT = "room on the disk for the database"
_FOLDER, _FOLDER_BEFORE_DOCKER = "/var/lib/docker/volumes", "/var/lib"
_DATABASE = "999"  # PostgreSQL's account in the official image
_BYTES = 256 * 1024**2


def ensure(host: Host) -> list[Change]:
    """Reserve at least 256 MB of the database's disk for it, now and after each reboot."""
    found = host.run("findmnt", "--noheadings", "--output", "FSTYPE,MAJ:MIN,TARGET,OPTIONS", "--target", _folder(host))
    kind, number, mounted_at, options = found.out.split()
    if kind != "ext4":
        return [Change(_WHAT, missing=f"{kind} keeps none back, ext4 does")]
    device = f"/dev/block/{number}"
    file_system = _fields(host.run("tune2fs", "-l", device).out)
    wanted = max(int(file_system["Reserved block count"]), _BYTES // int(file_system["Block size"]))
    current = (file_system["Reserved blocks uid"].split()[0], file_system["Reserved block count"])
    is_mounted_with_it = f"resuid={_DATABASE}" in options.split(",")
    if current == (_DATABASE, str(wanted)) and is_mounted_with_it:
        return [Change(_WHAT)]
    host.act("tune2fs", "-u", _DATABASE, "-r", str(wanted), device)
    host.act("mount", "-o", f"remount,resuid={_DATABASE}", mounted_at)
    diff = f"{current[1]} blocks for account {current[0]} → {wanted} for {_DATABASE}"
    return [Change(_WHAT, changed=True, diff=diff)]


def _folder(host: Host) -> str:
    # `fab provision --check` on a bare server runs before Docker has made its folder.
    return _FOLDER if host.run("test", "-d", _FOLDER, check=False).ok else _FOLDER_BEFORE_DOCKER


def _fields(output: str) -> dict[str, str]:
    pairs = (line.split(":", 1) for line in output.splitlines() if ":" in line)
    return {name: value.strip() for name, value in pairs}
