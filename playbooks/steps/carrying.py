"""Folders of one server carried to another, through the operator's machine."""

import shlex
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playbooks.steps.session import RefusedError
from provisioning.host import Host

_PACKED = "/var/lib/invoices/carried.tar"
_SECONDS = 4 * 3600
_FILES = 'cd "$1" 2>/dev/null && find . -type f -print0 | sort -z | xargs -0 -r sha256sum | sha256sum || echo none'


def volume(host: Host, name: str) -> str:
    """Return the folder of a volume of the stack."""
    shown = host.run("docker", "volume", "inspect", "--format", "{{.Mountpoint}}", f"invoices_{name}")
    return shown.out.strip()


def carry(old: Host, source: str, new: Host, target: str, *, changed_since: str = "") -> None:
    """Copy what is in a folder into another, with its owners; of what was copied before only what changed since."""
    if not old.run("test", "-d", source, check=False).ok:
        return
    since = ["--newer-mtime", changed_since] if changed_since else []
    with tempfile.TemporaryDirectory(prefix="invoices-move-") as folder:
        packed = str(Path(folder, "carried.tar"))
        with _removed(old, new):
            pack = shlex.join(["tar", "--numeric-owner", *since, "-cf", _PACKED, "-C", source, "."])
            old.act("sh", "-c", f"umask 077; exec {pack}", seconds=_SECONDS)
            old.download(_PACKED, packed)
            new.upload(packed, _PACKED)
            new.act("chmod", "0600", _PACKED)
            new.act("mkdir", "-p", "--", target)
            new.act("tar", "--numeric-owner", "-xpf", _PACKED, "-C", target, seconds=_SECONDS)


def require_equal(old: Host, source: str, new: Host, target: str) -> None:
    """Raise RefusedError unless both folders hold the same files."""
    if _digest(old, source) != _digest(new, target):
        raise RefusedError(f"{new.name}: the files in {target} are not those in {source} of {old.name}.")


def require_room(old: Host, source: str, new: Host) -> None:
    """Raise RefusedError unless both servers have room for a folder: as it is, packed, and packed on its way."""
    needed = 3 * int(old.run("sh", "-c", 'du -sk "$1" 2>/dev/null || echo 0', "sh", source).out.split()[0])
    for host in (old, new):
        free = int(host.run("df", "--output=avail", "/var/lib/docker/volumes").out.split()[-1])
        if needed > free:
            raise RefusedError(
                f"{host.name}: to carry {source} of {old.name} takes {needed // 1000:,} MB, and {free // 1000:,} are "
                "free: make room there."
            )


def _digest(host: Host, folder: str) -> str:
    return host.run("sh", "-c", _FILES, "sh", folder, seconds=_SECONDS).out.split()[0]


@contextmanager
def _removed(*hosts: Host) -> Iterator[None]:
    try:
        yield
    finally:
        for host in hosts:
            host.act("rm", "-f", "--", _PACKED, check=False)
