"""The inbox: an account that moves files by SFTP in a folder of limited size, which the worker reads."""

from collections.abc import Callable

from provisioning import public_keys
from provisioning.change import Change
from provisioning.ensure import directory, file, unit, unit_file
from provisioning.host import Host, HostError
from provisioning.machine import Machine
from provisioning.public_keys import PublicKey
from provisioning.rootfs_files import text
from provisioning.safe_replace import replace_safely

USER, ROOT, KEYS = "inbox", "/srv/inbox", "/etc/invoices/inbox_keys"
FOLDERS = ("inbox", "done", "problems")
_NUMBER = "10003"  # of user and group: the worker's container is in the group by this number
_OPTIONS = "/etc/ssh/sshd_config.d/01-invoices-inbox.conf"
_RESTART_SSH = "systemctl restart ssh.service"
_IMAGE, _UNIT = "/var/lib/invoices/inbox.img", "srv-inbox.mount"
_READABLE = "invoices-inbox"
_BYTES, _LEFT_FREE_BYTES = 1024**3, 2 * 1024**3
# Under another name until it is complete: the next run would take an unfinished file for the disk. mkfs would give the
# blocks back that were reserved for it, and a full disk would then damage what is written into the inbox.
_FORMAT = 'umask 077; fallocate -l "$2" "$1.new" && mkfs.ext4 -q -F -m 0 -E nodiscard "$1.new" && mv "$1.new" "$1"'
_MODE = "2770"  # what comes into a folder is of its group


def ensure(host: Host, machine: Machine, can_still_connect: Callable[[], bool]) -> list[Change]:
    """Nobody logs in as long as no key was added; raises HostError where the account or the disk is another's."""
    return [
        _account(host),
        *_limited_disk(host, machine),
        *_folders(host),
        unit_file(host, f"{_READABLE}.service"),
        unit_file(host, f"{_READABLE}.path"),
        unit(host, f"{_READABLE}.path"),
        _keys(host),
        _ssh(host, can_still_connect),
    ]


def of_server(host: Host) -> list[PublicKey]:
    return public_keys.keys_in(_text(host))


def add(host: Host, key: PublicKey) -> None:
    # Were the options of sshd ever lost, the key would still open no terminal and no way on.
    host.write(KEYS, public_keys.with_line(_text(host), f"restrict {key.line}"))


def remove(host: Host, key: PublicKey) -> None:
    host.write(KEYS, public_keys.without(_text(host), key))


def _account(host: Host) -> Change:
    what, wanted = f"account {USER}", f"{USER}:x:{_NUMBER}:{_NUMBER}::/:/usr/sbin/nologin"
    found = _entry(host, "passwd", USER)
    if found == wanted:
        return Change(what)
    for other in (found, _entry(host, "passwd", _NUMBER), _entry(host, "group", _NUMBER)):
        if other and other != f"{USER}:x:{_NUMBER}:":
            raise HostError(
                f"{host.name}: `{other}` is in the way of the account {USER} with the number {_NUMBER}: remove it, and "
                "provision again."
            )
    if not _entry(host, "group", USER):
        host.act("groupadd", "--gid", _NUMBER, USER)
    # No password is "*": with "!" sshd would let nobody in where it runs without PAM.
    host.act(
        "useradd", "--uid", _NUMBER, "--gid", _NUMBER, "--no-create-home", "--home-dir", "/", "--no-log-init",
        "--comment", "", "--shell", "/usr/sbin/nologin", "--password", "*", USER,
    )  # fmt: skip
    return Change(what, changed=True, diff=f"nothing → {wanted}")


def _entry(host: Host, database: str, name: str) -> str:
    return host.run("getent", database, name, check=False).out.strip()


def _limited_disk(host: Host, machine: Machine) -> list[Change]:
    """Give the folder a file system of its own: a full inbox fills no other disk."""
    root = directory(host, ROOT, "0755")
    if machine.container:
        return [root, machine.unavailable("limit of the inbox", "loop devices belong to the machine beneath it")]
    return [root, _image(host), unit_file(host, _UNIT), unit(host, _UNIT)]


def _image(host: Host) -> Change:
    if host.run("test", "-e", _IMAGE, check=False).ok:
        return Change(_IMAGE)
    free = int(host.run("df", "--block-size=1", "--output=avail", "/var/lib/invoices").out.split()[-1])
    if free < _BYTES + _LEFT_FREE_BYTES:
        raise HostError(
            f"{host.name}: its disk has no room for the inbox, which takes {_BYTES / 1024**3:.0f} GB: make some, or "
            "take a larger disk."
        )
    host.act("sh", "-c", _FORMAT, "sh", _IMAGE, str(_BYTES))
    return Change(_IMAGE, changed=True, diff=f"nothing → {_BYTES / 1024**3:.0f} GB")


def _folders(host: Host) -> list[Change]:
    """Let both the account and the worker move files, below a root that only root writes to, as sshd demands."""
    return [_folder(host, f"{ROOT}/{name}") for name in FOLDERS]


def _folder(host: Host, path: str) -> Change:
    wanted = f"{_MODE} {USER}:{USER} directory"
    found = host.run("stat", "--format=%a %U:%G %F", path, check=False)
    current = found.out.strip() if found.ok else "nothing"
    if current == wanted:
        return Change(path)
    host.act("install", "-d", "-m", _MODE, "-o", USER, "-g", USER, path)
    return Change(path, changed=True, diff=f"{current} → {wanted}")


def _keys(host: Host) -> Change:
    return file(host, KEYS, _text(host))


def _ssh(host: Host, can_still_connect: Callable[[], bool]) -> Change:
    def check() -> None:
        host.run("sshd", "-t")

    return replace_safely(
        host,
        _OPTIONS,
        text(_OPTIONS),
        valid=("sshd", "-t", "-f", "{}"),
        check=check,
        apply=_RESTART_SSH,
        without=_RESTART_SSH,
        can_still_connect=can_still_connect,
    )


def _text(host: Host) -> str:
    return host.read(KEYS) or ""
