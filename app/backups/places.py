"""Where backups are kept: a bucket of S3, in which nothing is ever written over, or a folder."""

import base64
import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from shutil import copyfileobj
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from app.backups.refusals import BackupError
from app.files import flush
from app.settings import BackupSettings

_AMAZON = ".amazonaws.com"
_PARTIAL = ".partial-"
_REASONS = {
    "AccessDenied": "its key may not do this",
    "EntityTooLarge": "the file is too large for it",
    "ExpiredToken": "its key has expired",
    "InvalidAccessKeyId": "it does not know the key",
    "NoSuchBucket": "there is no such bucket",
    "NoSuchKey": "there is no such file",
    "404": "there is no such file",
    "403": "its key may not do this",
    "RequestTimeTooSkewed": "the clock of this machine is wrong",
    "SignatureDoesNotMatch": "the secret of its key is wrong",
}


class PlaceError(BackupError):
    """The place cannot be reached or refuses; the message is one sentence."""


class AlreadyThereError(PlaceError):
    """Something else is stored under the key, and nothing is written over."""


class Place(Protocol):
    """Keys are paths with slashes; every method raises PlaceError.

    `is_weaker` where anybody in control of the server can delete what is kept.
    """

    @property
    def is_weaker(self) -> bool: ...

    def put(self, key: str, path: Path) -> None:
        """Raise AlreadyThereError if the key is taken."""

    def keys(self, prefix: str = "") -> list[str]: ...

    def get(self, key: str, path: Path) -> None: ...

    def size(self, key: str) -> int: ...

    def sizes(self, prefix: str = "") -> dict[str, int]: ...

    def now(self) -> datetime | None:
        """Return the time by the clock of the place, None if it has none of its own."""


def place_at(settings: BackupSettings) -> Place:
    """Raise AppSettingsError if a setting is missing."""
    settings.require("backup_place")
    parts = urlsplit(settings.backup_place)
    if parts.scheme == "file":
        return Directory(Path(unquote(parts.path)))
    if not settings.backup_by_role:
        settings.require("backup_access_key_id", "backup_secret_access_key")
    return S3Bucket(parts.netloc, _client(settings))


@dataclass(frozen=True, slots=True)
class Directory:
    """A folder; what is put there appears whole or not at all."""

    folder: Path
    is_weaker: bool = True

    def put(self, key: str, path: Path) -> None:
        target = self._path(key)
        self._refuse_if_missing()
        with _told(key):
            target.parent.mkdir(parents=True, exist_ok=True)
            partial = _copied_beside(path, target)
            try:
                _name(partial, target)
            except FileExistsError as error:
                raise _already_there(key) from error
            finally:
                partial.unlink(missing_ok=True)
            flush(target.parent)

    def keys(self, prefix: str = "") -> list[str]:
        return sorted(self.sizes(prefix))

    def get(self, key: str, path: Path) -> None:
        with _told(key), self._path(key).open("rb") as source, path.open("wb") as target:
            copyfileobj(source, target)

    def size(self, key: str) -> int:
        with _told(key):
            return self._path(key).stat().st_size

    def sizes(self, prefix: str = "") -> dict[str, int]:
        self._refuse_if_missing()
        # Only below the folder of the prefix: the archive beside has very many files.
        searched = self.folder / prefix.rpartition("/")[0]
        with _told(str(self.folder)):
            return {
                key: path.stat().st_size
                for path in searched.rglob("*")
                if _is_whole(path) and (key := path.relative_to(self.folder).as_posix()).startswith(prefix)
            }

    def remove(self, key: str) -> None:
        with _told(key):
            self._path(key).unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # others are still in it
                self._path(key).parent.rmdir()

    def now(self) -> None:
        return None

    def _refuse_if_missing(self) -> None:
        if not self.folder.is_dir():  # a disk that is not mounted: what is put there would be lost
            raise PlaceError(f"The folder {self.folder} is not there: make it, or mount the disk that it is on.")

    def _path(self, key: str) -> Path:
        if not key or key.startswith("/") or ".." in key.split("/"):
            raise PlaceError(f"'{key}' is no name of a file in a place of backups.")
        return self.folder / key


@dataclass(frozen=True, slots=True)
class S3Bucket:
    """Its key may add and list; what reads is the key of somebody who restores."""

    bucket: str
    client: Any
    is_weaker: bool = False

    def put(self, key: str, path: Path) -> None:
        with self._told(key), path.open("rb") as body:
            checksum = base64.b64encode(hashlib.file_digest(body, "sha256").digest()).decode()
            body.seek(0)
            self.client.put_object(Bucket=self.bucket, Key=key, Body=body, IfNoneMatch="*", ChecksumSHA256=checksum)

    def keys(self, prefix: str = "") -> list[str]:
        return sorted(self.sizes(prefix))

    def get(self, key: str, path: Path) -> None:
        with self._told(key):
            body = self.client.get_object(Bucket=self.bucket, Key=key, ChecksumMode="ENABLED")["Body"]
            with contextlib.closing(body), path.open("wb") as target:
                for chunk in body.iter_chunks(1 << 20):
                    target.write(chunk)

    def size(self, key: str) -> int:
        # From the list: who may only add must not ask for the object itself.
        found = self.sizes(key)
        if key not in found:
            raise PlaceError(f"{key} is not in the bucket {self.bucket}.")
        return found[key]

    def sizes(self, prefix: str = "") -> dict[str, int]:
        with self._told("its list"):
            pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
            return {one["Key"]: one["Size"] for page in pages for one in page.get("Contents", ())}

    def now(self) -> datetime | None:
        with self._told("its list"):
            answer = self.client.list_objects_v2(Bucket=self.bucket, MaxKeys=1)
        sent = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
        return parsedate_to_datetime(sent) if sent else None

    @contextmanager
    def _told(self, key: str) -> Iterator[None]:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            with _told(key):
                yield
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            if code in {"PreconditionFailed", "412"}:
                raise _already_there(key) from error
            reason = _REASONS.get(code, f"it answers {code or 'nothing that is known'}")
            raise PlaceError(f"The bucket {self.bucket} refuses {key}: {reason}.") from error
        except BotoCoreError as error:
            raise PlaceError(
                f"The bucket {self.bucket} cannot be reached for {key}: {str(error).rstrip('.')}."
            ) from error


def _client(settings: BackupSettings) -> Any:  # noqa: ANN401  # boto3 has no types
    # Only the image of the backups and an operator's machine have what speaks to a bucket.
    try:
        import boto3
        from botocore.config import Config
    except ImportError as error:
        raise PlaceError(
            "Nothing here speaks to a bucket: install boto3, which the image of the backups has."
        ) from error
    authority = settings.backup_ca_file
    if authority and not authority.is_file():
        raise PlaceError(f"BACKUP_CA_FILE: the file {authority} is not there.")
    endpoint = settings.backup_endpoint or None
    is_amazon = endpoint is None or (urlsplit(endpoint).hostname or "").endswith(_AMAZON)
    return boto3.session.Session().client(
        "s3",
        endpoint_url=endpoint,
        region_name=settings.backup_region,
        aws_access_key_id=settings.backup_access_key_id or None,  # None: that of the role
        aws_secret_access_key=settings.backup_secret_access_key or None,
        verify=str(authority) if authority else None,
        config=Config(
            connect_timeout=10,
            read_timeout=60,
            retries={"mode": "standard", "total_max_attempts": 3},
            s3={"addressing_style": "auto" if is_amazon else "path"},
        ),
    )


@contextmanager
def _told(what: str) -> Iterator[None]:
    """Leave a full disk to those who know it by its number."""
    try:
        yield
    except FileNotFoundError as error:
        raise PlaceError(f"{what} is not there.") from error
    except PermissionError as error:
        raise PlaceError(f"{what} cannot be read or written: permission denied.") from error


def _already_there(key: str) -> AlreadyThereError:
    return AlreadyThereError(f"{key} is there already, and nothing is written over.")


def _copied_beside(source: Path, target: Path) -> Path:
    number, name = tempfile.mkstemp(dir=target.parent, prefix=_PARTIAL)
    partial = Path(name)
    try:
        with source.open("rb") as read, os.fdopen(number, "wb") as written:
            copyfileobj(read, written)
            written.flush()
            os.fsync(number)
    except BaseException:
        partial.unlink()
        raise
    return partial


def _name(partial: Path, target: Path) -> None:
    """Raise FileExistsError if the target is there."""
    try:
        os.link(partial, target)
    except FileExistsError:
        raise
    except OSError:  # disks without links, such as USB sticks
        if target.exists():
            raise FileExistsError(target) from None
        partial.rename(target)


def _is_whole(path: Path) -> bool:
    return path.is_file() and not path.name.startswith(_PARTIAL)
