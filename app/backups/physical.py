"""The physical backup: base backup and WAL of pgBackRest, restored from the repository of a server into a folder."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from app.backups.refusals import BackupError
from app.backups.scratch import ScratchError, folder_in, give_to_owner, path_of, run_as_owner

STANZA = "invoices"
_RESTORE_SECONDS = 6 * 3600
_NUMBER = re.compile(r"^\[\w+\] ")
_SAID = re.compile(r"ERROR: \[\d+\]: (?P<what>.+)")


class PhysicalError(BackupError):
    """The message is one sentence."""


@dataclass(frozen=True, slots=True)
class Repository:
    """Where pgBackRest keeps the WAL of a server: a bucket, or a directory (`place` is s3://BUCKET or file:///FOLDER)."""

    place: str
    name: str
    cipher: str = field(repr=False)
    endpoint: str = ""
    region: str = ""
    access_key_id: str = ""
    secret_access_key: str = field(default="", repr=False)
    ca_file: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """Where recovery stops; pgBackRest takes the newest base backup before it."""

    options: tuple[str, ...] = ("--type=default",)

    @classmethod
    def at(cls, moment: datetime) -> "Target":
        """Stop before the first transaction that ended later than the moment."""
        when = moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f+00")
        return cls(("--type=time", f"--target={when}", "--target-action=promote"))

    @classmethod
    def marker(cls, name: str, base: str) -> "Target":
        """Stop at a restore point that the base backup is older than."""
        return cls(("--type=name", f"--target={name}", "--target-action=promote", f"--set={base}"))


NEWEST = Target()


@dataclass(frozen=True, slots=True)
class BaseBackup:
    """A base backup in the repository; `size` is what the restored files take."""

    label: str
    ended_at: datetime
    size: int


def base_backups(repository: Repository, scratch: Path) -> list[BaseBackup]:
    """Return the good ones, oldest first; raises PhysicalError where the repository cannot be read."""
    with _configured(repository, scratch) as command:
        try:
            said = run_as_owner(scratch, *command, "--output=json", "info", seconds=300)
        except ScratchError as error:
            raise PhysicalError(_sentence(repository, error)) from error
    found = json.loads(said, strict=False)  # 2.45 leaves line ends in its messages as they are
    if not found or not found[0].get("backup"):
        raise PhysicalError(f"{_shown(repository)} holds no base backup that can be read: {_status(found)}.")
    whole = [one for one in found[0]["backup"] if not one.get("error")]
    return [
        BaseBackup(one["label"], datetime.fromtimestamp(one["timestamp"]["stop"], UTC), one["info"]["size"])
        for one in whole
    ]


def restore(repository: Repository, folder: Path, target: Target) -> None:
    """Put the base backup into `data` below the folder; a server that starts there fetches the WAL and recovers.

    Its settings for fetching stay beside it, in a file that its owner alone reads: `forget` removes them.
    """
    data = folder_in(folder, "data")
    command = _configure(repository, folder)
    try:
        run_as_owner(
            folder, *command, f"--pg1-path={data}", *target.options, "--archive-mode=off", "restore",
            seconds=_RESTORE_SECONDS,
        )  # fmt: skip
    except ScratchError as error:
        raise PhysicalError(_sentence(repository, error)) from error


def forget(folder: Path) -> None:
    """Remove what could read the repository, once recovery has ended."""
    (folder / "pgbackrest.conf").unlink(missing_ok=True)


def repository_settings(repository: Repository, folder: Path) -> list[tuple[str, str]]:
    """Return the lines of pgBackRest's file of settings; what it locks is in the folder."""
    return [(name, text) for name, text in _all_settings(repository, folder) if text]


def _all_settings(repository: Repository, folder: Path) -> Iterator[tuple[str, str]]:
    place = urlsplit(repository.place)
    yield from (
        ("repo1-cipher-type", "aes-256-cbc"),
        ("repo1-cipher-pass", repository.cipher),
        ("lock-path", str(folder / "lock")),
        ("log-level-file", "off"),
        ("log-level-console", "off"),
        ("log-level-stderr", "error"),
        ("process-max", "2"),
        ("io-timeout", "15"),
    )
    if place.scheme == "file":
        yield from (("repo1-type", "posix"), ("repo1-path", f"{place.path.rstrip('/')}/wal/{repository.name}"))
        return
    endpoint = urlsplit(repository.endpoint)
    is_amazon = (endpoint.hostname or "").endswith(".amazonaws.com")
    yield from (
        ("repo1-type", "s3"),
        ("repo1-path", f"/wal/{repository.name}"),
        ("repo1-s3-bucket", place.netloc),
        ("repo1-s3-endpoint", endpoint.hostname or ""),
        ("repo1-storage-port", str(endpoint.port or "")),
        ("repo1-storage-ca-file", repository.ca_file),
        ("repo1-s3-region", repository.region),
        ("repo1-s3-key", repository.access_key_id),
        ("repo1-s3-key-secret", repository.secret_access_key),
        ("repo1-s3-uri-style", "host" if is_amazon else "path"),
    )


@contextmanager
def _configured(repository: Repository, scratch: Path) -> Iterator[tuple[str | Path, ...]]:
    try:
        yield _configure(repository, scratch)
    finally:
        forget(scratch)


def _configure(repository: Repository, folder: Path) -> tuple[str | Path, ...]:
    """Write the settings to a file, as the arguments of a process can be seen by others; return the command."""
    path = folder / "pgbackrest.conf"
    if repository.ca_file:
        repository = replace(repository, ca_file=str(_readable_copy(Path(repository.ca_file), folder)))
    lines = ["[global]", *(f"{name}={text}" for name, text in repository_settings(repository, folder))]
    path.touch(mode=0o600)
    path.write_text("\n".join([*lines, f"[{STANZA}]", f"pg1-path={folder / 'data'}", ""]), encoding="utf-8")
    give_to_owner(folder, path)
    return path_of("pgbackrest"), f"--config={path}", f"--stanza={STANZA}"


def _readable_copy(certificate: Path, folder: Path) -> Path:
    """Copy it for the owner of the folder, who need not be who runs this."""
    copy = folder / certificate.name
    copy.write_bytes(certificate.read_bytes())
    give_to_owner(folder, copy)
    return copy


def _sentence(repository: Repository, error: ScratchError) -> str:
    said = _SAID.search(str(error))
    return f"{_shown(repository)} cannot be restored: {(said['what'] if said else str(error)).rstrip('.')}."


def _shown(repository: Repository) -> str:
    return f"The repository {repository.place.rstrip('/')}/wal/{repository.name}"


def _status(found: list[dict[str, Any]]) -> str:
    """Return the first thing that is wrong with the stanza or one of its repositories, in pgBackRest's words."""
    if not found:
        return "there is nothing at this address"
    status = next((one["status"] for one in found[0].get("repo", ()) if one["status"]["code"]), found[0]["status"])
    said: str = status["message"].splitlines()[0]
    return _NUMBER.sub("", said)
