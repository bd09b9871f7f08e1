"""The encrypted disk: a LUKS2 file that holds the volumes of Docker and the files of /var/lib/invoices."""

import json
from dataclasses import dataclass
from typing import Protocol

from provisioning.change import Change
from provisioning.ensure import directory, file, packages, unit_file
from provisioning.host import Host, HostError
from provisioning.settings import HostSettings
from provisioning.watching import FOLDER, script

IMAGE, UNIT = "/var/lib/invoices-encrypted.img", "invoices-disk.service"
_NAME, _SETTINGS = "invoices", "/etc/invoices/disk.json"
_DOCKER_NEEDS_IT = "docker.service.d/encrypted-disk.conf"
_PROGRAM = ("python3", "-E", "-s", "-B", f"{FOLDER}/encrypted_disk.py")
_WHAT = "encrypted disk of database and files"
_SHARE = 0.6  # of what is free: releases, images and updates stay outside
_LEAST_BYTES = 256 * 1024**2
_MOVED_WITHIN_SECONDS = 4 * 3600
_RECOVERY_SLOT = "1"
_SLOTS = 2
_WRONG_KEY = 2  # of cryptsetup's manual: no permission
# The keys are random, so that guessing is hopeless: little memory, as the database's is not to be taken at boot.
_PBKDF = "--pbkdf argon2id --pbkdf-memory 65536 --pbkdf-parallel 1 --pbkdf-force-iterations 4"
_FORMAT = f"""set -e; umask 077; rm -f -- "$1.new"; fallocate -l "$2" "$1.new"
cryptsetup luksFormat --batch-mode --type luks2 --cipher aes-xts-plain64 --key-size 512 {_PBKDF} --key-file - "$1.new"
mv -n -- "$1.new" "$1" """
# Two keys come in two lines; what bash prints by itself stands in no list of processes.
_ADD_KEY = f"""set -euo pipefail; read -r key; read -r new
cryptsetup luksAddKey --batch-mode {_PBKDF} --key-slot "$2" --key-file <(printf %s "$key") "$1" <(printf %s "$new")"""
_REPLACE_KEY = f"""set -euo pipefail; read -r key; read -r new
if cryptsetup luksDump "$1" | grep -q '^  0: luks2'; then
  printf %s "$key" | cryptsetup luksKillSlot --batch-mode --key-file - "$1" 0
fi
cryptsetup luksAddKey --batch-mode {_PBKDF} --key-slot 0 --key-file <(printf %s "$key") "$1" <(printf %s "$new")"""


class DiskKeys(Protocol):
    """The keys of a disk, on the operator's machine or in a secret; raises HostError where one cannot be had."""

    def kept(self) -> str:
        """Return the key that opens the disk."""

    def made(self) -> str:
        """Return the key for a new disk: the one that is kept, else a new one, which is kept first."""

    def recovery(self) -> str:
        """Return a new recovery key once the operator has seen it."""


@dataclass(frozen=True, slots=True)
class DiskState:
    exists: bool = False
    is_open: bool = False
    is_moved: bool = False
    keys: int = 0

    @property
    def is_locked(self) -> bool:
        return self.exists and not self.is_open

    @property
    def is_complete(self) -> bool:
        return self.exists and self.is_open and self.is_moved and self.keys >= _SLOTS


def ensure(host: Host, settings: HostSettings, keys: DiskKeys | None) -> list[Change]:
    """Have the disk made, open and filled: what is there already is moved onto it while the site is down."""
    if settings.disk_encryption == "off":
        _refuse_to_decrypt(host)
        return []
    changes = [
        packages(
            host, ("cryptsetup-bin", "e2fsprogs", "python3", "python3-boto3", "rsync"), what="packages of the disk"
        ),
        directory(host, FOLDER, "0755"),
        script(host, "aws_key"),
        script(host, "encrypted_disk"),
        unit_file(host, UNIT),
    ]
    found = state(host)
    if not found.is_complete and not host.is_rehearsal:
        _open(host, _required(host, keys), found)
    return [
        *changes,
        _where_the_key_is(host, settings, keys),
        unit_file(host, _DOCKER_NEEDS_IT),  # once the disk is there: without it Docker would not start again
        _filled(host, found),
        _no_swap(host),
    ]


def state(host: Host) -> DiskState:
    """Return that of a server without such a disk where it was not provisioned with one."""
    found = host.run(*_PROGRAM, "state", check=False)
    return DiskState(**json.loads(found.out)) if found.ok and found.out else DiskState()


def unlock(host: Host, key: str) -> None:
    """Raise HostError if the key is a wrong one."""
    _opened(host, key, IMAGE, _NAME)


def require_right(host: Host, key: str) -> None:
    """Raise HostError unless the key opens the disk, which may be open."""
    _opened(host, key, "--test-passphrase", IMAGE)


def replace_key(host: Host, recovery: str, new: str) -> None:
    """Let a new key open the disk in place of the one that was lost."""
    host.act("bash", "-c", _REPLACE_KEY, "bash", IMAGE, stdin=f"{recovery}\n{new}\n")


def _refuse_to_decrypt(host: Host) -> None:
    if host.run("test", "-e", IMAGE, check=False).ok:
        raise HostError(
            f"{host.name}: database and files are on {IMAGE}, and diskEncryption is off: set it to what it was, "
            "or `fab move` to a new server without."
        )


def _opened(host: Host, key: str, *what: str) -> None:
    opened = host.act("cryptsetup", "open", "--type", "luks2", "--key-file", "-", *what, stdin=key, check=False)
    if opened.exit_code == _WRONG_KEY:
        raise HostError(f"{host.name}: this key does not open {IMAGE}; `fab unlock --recovery` asks for the other one.")
    if not opened.ok:
        raise HostError(f"{host.name}: {IMAGE} cannot be opened: {opened.err.strip()}")


def _required(host: Host, keys: DiskKeys | None) -> DiskKeys:
    if keys is None:
        raise HostError(f"{host.name}: nobody has the key of its encrypted disk: run `fab provision`.")
    return keys


def _open(host: Host, keys: DiskKeys, found: DiskState) -> None:
    if not found.exists:
        _format(host, keys.made())
    if not found.is_open:
        unlock(host, keys.kept())
    if found.keys < _SLOTS:
        both = f"{keys.kept()}\n{keys.recovery()}\n"
        host.act("bash", "-c", _ADD_KEY, "bash", IMAGE, _RECOVERY_SLOT, stdin=both)


def _where_the_key_is(host: Host, settings: HostSettings, keys: DiskKeys | None) -> Change:
    """Raise HostError for another place that has no key, or a wrong one: the server would stay locked at a reboot."""
    secret = settings.disk_secret if settings.disk_encryption == "secretsmanager" else ""
    wanted = json.dumps({"secret": secret}) + "\n"
    if host.read(_SETTINGS) not in {None, wanted} and not host.is_rehearsal:
        require_right(host, _required(host, keys).kept())
    return file(host, _SETTINGS, wanted)


def _filled(host: Host, found: DiskState) -> Change:
    if found.is_complete:
        return Change(_WHAT)
    host.act(*_PROGRAM, "move", seconds=_MOVED_WITHIN_SECONDS)
    return Change(_WHAT, changed=True, diff="plain → encrypted" if not found.exists else "finished or opened")


def _format(host: Host, key: str) -> None:
    free = int(host.run("df", "--block-size=1", "--output=avail", "/var/lib").out.split()[-1])
    size = int(free * _SHARE) // 1024**2 * 1024**2
    folders = ("/var/lib/docker/volumes", "/var/lib/invoices")
    used = sum(map(int, host.run("du", "-s", "-B1", *folders, check=False).out.split()[::2]))
    if size < used + _LEAST_BYTES:
        raise HostError(
            f"{host.name}: {free // 1000**2:,} MB of its disk are free, too few for an encrypted copy of "
            f"{used // 1000**2:,} MB beside the plain one: make room, or take a larger disk."
        )
    host.act("sh", "-c", _FORMAT, "sh", IMAGE, str(size), stdin=key)


def _no_swap(host: Host) -> Change:
    """Have no swap file: the memory of the database would stand in it, in plain."""
    if not host.run("test", "-e", "/swapfile", check=False).ok:
        return Change("no swap file")
    host.act("systemctl", "disable", "--now", "swapfile.swap")
    host.act("rm", "-f", "--", "/swapfile")
    return Change("no swap file", changed=True, diff="/swapfile → nothing")
