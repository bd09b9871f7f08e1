"""The encrypted disk of database and files: opened and mounted before Docker starts, and filled with what was plain."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import aws_key

IMAGE = Path("/var/lib/invoices-encrypted.img")
NAME = "invoices"
DEVICE = Path("/dev/mapper") / NAME
MOUNTED = Path("/srv/invoices")
FOLDERS = {"volumes": Path("/var/lib/docker/volumes"), "files": Path("/var/lib/invoices")}
SETTINGS = Path("/etc/invoices/disk.json")
STOPPED = Path("/etc/invoices/stopped-while-moving.json")
INBOX = "srv-inbox.mount"  # of a file in one of the folders; Docker's start mounts it again
_TRIED_SECONDS, _WAIT_SECONDS = 240, 5
_TEMPORARY = {429, 500, 502, 503, 504}
_WRONG_KEY = 2  # of cryptsetup's manual: no permission
_CORRECTED = 1  # of e2fsck's manual

Run = Callable[..., str]


class DiskError(Exception):
    """The disk cannot be used; the message is one sentence that says what to do."""


def main(words: list[str]) -> int:
    try:
        {"start": start, "move": move, "state": show}[words[0]]()
    except DiskError as error:
        print(error, file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        said = (error.stderr or error.stdout or "").strip().splitlines()
        print(
            f"{' '.join(map(str, error.cmd))} ended with {error.returncode}: {said[-1] if said else ''}",
            file=sys.stderr,
        )
        return 1
    return 0


def show() -> None:
    """Print the state as JSON, for who provisions the server."""
    found = {
        "exists": IMAGE.exists(),
        "is_open": DEVICE.exists(),
        "is_moved": all(map(os.path.ismount, FOLDERS.values())) and not _left_over(),
        "keys": _keys() if IMAGE.exists() else 0,
    }
    print(json.dumps(found))


def start() -> None:
    """Open the disk with the key in its secret unless it is open, and mount it; raises DiskError."""
    if not DEVICE.exists():
        _open(_fetched_key(_secret()))
    _mount_disk()
    if not all((MOUNTED / name).is_dir() for name in FOLDERS):
        raise DiskError("Database and files are not all on the encrypted disk yet: run `fab provision` again.")
    for name, folder in FOLDERS.items():
        _bind(MOUNTED / name, folder)


def move() -> None:
    """Move database and files onto the open disk; may be broken off at any point and run again."""
    _mount_disk()
    plain = {name: folder for name, folder in FOLDERS.items() if not os.path.ismount(folder)}
    if plain:
        _stop_what_writes()
    for name, folder in plain.items():
        _carry(folder, MOUNTED / name)
        _bind(MOUNTED / name, folder)
    for folder in _left_over():
        shutil.rmtree(folder)
    if plain:
        run("fstrim", "/", check=False)  # not every disk can
    _start_what_was_stopped()


def run(*command: str, key: str | None = None, check: bool = True) -> str:
    return subprocess.run(command, input=key, check=check, capture_output=True, text=True).stdout


def _secret() -> str:
    found: dict[str, str] = json.loads(SETTINGS.read_text(encoding="utf-8"))
    if not found["secret"]:
        raise DiskError("The disk of database and files is locked: run `fab unlock` on the operator's machine.")
    return found["secret"]


def _fetched_key(secret: str) -> str:
    """Return the key from Secrets Manager, waiting for the network; raises DiskError."""
    account = aws_key.read()
    if not account.get("access_key_id"):
        raise DiskError("/etc/invoices/aws.json has no key for AWS to fetch the disk's with: run `fab provision`.")
    until = time.monotonic() + _TRIED_SECONDS
    while True:
        try:
            return _asked(account, secret)
        except OSError as error:
            if time.monotonic() > until:
                raise DiskError(
                    f"Secrets Manager could not be reached for the disk's key ({error}): run `fab unlock`."
                ) from error
        time.sleep(_WAIT_SECONDS)


def _asked(account: Mapping[str, str], secret: str) -> str:
    """Raise OSError where it may work later, DiskError where it will not."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415  # half a second, only where it is asked

    try:
        answer: dict[str, Any] = aws_key.client("secretsmanager", account).get_secret_value(SecretId=secret)
    except BotoCoreError as error:
        raise OSError(str(error)) from error
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] in _TEMPORARY:
            raise OSError(str(error)) from error
        code = error.response["Error"]["Code"]
        raise DiskError(f"Secrets Manager refuses the disk's key {secret} ({code}): run `fab unlock`.") from error
    return str(answer["SecretString"])


def _open(key: str) -> None:
    try:
        run("cryptsetup", "open", "--type", "luks2", "--key-file", "-", str(IMAGE), NAME, key=key)
    except subprocess.CalledProcessError as error:
        if error.returncode != _WRONG_KEY:
            raise
        raise DiskError(f"The key in the secret does not open {IMAGE}: run `fab unlock --recovery`.") from error


def _keys() -> int:
    found: dict[str, Any] = json.loads(run("cryptsetup", "luksDump", "--dump-json-metadata", str(IMAGE)))
    return len(found["keyslots"])


def _mount_disk() -> None:
    if os.path.ismount(MOUNTED):
        return
    kind = run("blkid", "--output", "value", "--match-tag", "TYPE", "--probe", str(DEVICE), check=False).strip()
    if not kind:
        run("mkfs.ext4", "-q", "-m", "0", str(DEVICE))
    checked = subprocess.run(["e2fsck", "-p", str(DEVICE)], capture_output=True, text=True, check=False)
    if checked.returncode > _CORRECTED:
        raise DiskError(f"The file system of {IMAGE} is damaged: run `e2fsck {DEVICE}` on the server.")
    MOUNTED.mkdir(mode=0o711, parents=True, exist_ok=True)
    run("mount", "-o", "nodev,nosuid", str(DEVICE), str(MOUNTED))


def _bind(source: Path, folder: Path) -> None:
    """Show the source in place of the folder, in which nobody can write while the disk is locked."""
    if os.path.ismount(folder):
        return
    folder.mkdir(mode=0o711, parents=True, exist_ok=True)
    run("chattr", "+i", str(folder))
    run("mount", "--bind", str(source), str(folder))


def _carry(folder: Path, target: Path) -> None:
    """Copy all files, compare them, and set the plain ones aside; raises DiskError if they differ.

    Until it is whole a copy has another name, under which nothing mounts it.
    """
    copy = target.with_name(f"{target.name}.copy")
    if folder.is_dir() and any(folder.iterdir()):
        if target.exists():
            raise DiskError(f"{folder} and {target} both hold files: move away the one that is not wanted.")
        _copy(folder, copy)
        folder.rename(_aside(folder))
    if copy.exists() and _aside(folder).exists():
        copy.rename(target)
    target.mkdir(mode=0o711, exist_ok=True)


def _copy(folder: Path, copy: Path) -> None:
    copying = ("rsync", "-aHAX", "--numeric-ids", "--delete", f"{folder}/", f"{copy}/")
    run(*copying)
    os.sync()
    differing = run(*copying, "--checksum", "--dry-run", "--itemize-changes").splitlines()
    if differing:
        raise DiskError(f"{folder} changed while it was moved ({differing[0]}): run `fab provision` again.")


def _aside(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.plain")


def _left_over() -> list[Path]:
    return [_aside(folder) for folder in FOLDERS.values() if _aside(folder).exists()]


def _stop_what_writes() -> None:
    """Note what runs before it is stopped, so that a run after a broken one starts all of it."""
    if not STOPPED.exists():
        timers = run("systemctl", "list-units", "--state=active", "--plain", "--no-legend", "invoices-*.timer")
        names = [line.split()[0] for line in timers.splitlines()]
        containers = run("docker", "ps", "--quiet", "--no-trunc").split() if _docker_runs() else []
        STOPPED.write_text(json.dumps({"docker": _docker_runs(), "timers": names, "containers": containers}))
    noted = json.loads(STOPPED.read_text())
    for timer in noted["timers"]:
        run("systemctl", "stop", timer, timer.replace(".timer", ".service"))
    # Containers outlive the engine (live-restore): it alone being stopped would leave the database writing.
    if noted["containers"] and _docker_runs():
        run("docker", "stop", "--time", "60", *noted["containers"])
    if noted["docker"]:
        run("systemctl", "stop", "docker.socket", "docker.service")
    run("systemctl", "stop", INBOX, check=False)  # there is none before the first provisioning
    if os.path.ismount("/srv/inbox"):
        raise DiskError("/srv/inbox is in use: wait until nobody hands files in, and run `fab provision` again.")


def _docker_runs() -> bool:
    return subprocess.run(["systemctl", "--quiet", "is-active", "docker.service"], check=False).returncode == 0


def _start_what_was_stopped() -> None:
    if not STOPPED.exists():
        return
    noted = json.loads(STOPPED.read_text())
    if noted["docker"]:
        run("systemctl", "start", "docker.socket", "docker.service")
    if noted["containers"]:
        run("docker", "start", *noted["containers"])
    if noted["timers"]:
        run("systemctl", "start", *noted["timers"])
    STOPPED.unlink()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
