"""The files of the app: in a folder of one machine, or in a bucket that several machines share, by the same names."""

import errno
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from obstore.store import LocalStore, S3Store

_CONNECT_SECONDS = 3
_REQUEST_SECONDS = 20  # for the largest workbook on a slow line, and no longer than somebody waits for a page
_RETRY_SECONDS = 10
_MOST_RETRIES = 2
_ERROR_OF_THE_SYSTEM = re.compile(r"\(os error (\d+)\)")
_ADDRESS_OF_ROLES = "169.254."  # where a machine of AWS asks for the key of its role


class FilesUnavailableError(Exception):
    """The bucket does not answer or refuses; the message is one sentence that names it and says what to do."""


@dataclass(frozen=True, slots=True)
class FilesPlace:
    """Without a key, the machine's own role is used; without an endpoint, S3 of AWS."""

    url: str
    endpoint: str = ""
    region: str = ""
    access_key_id: str = field(default="", repr=False)
    secret_access_key: str = field(default="", repr=False)

    @classmethod
    def in_folder(cls, folder: Path) -> Self:
        return cls(folder.absolute().as_uri())

    @property
    def folder(self) -> Path | None:
        """None for a bucket."""
        parts = urlsplit(self.url)
        return Path(unquote(parts.path)) if parts.scheme == "file" else None


@dataclass(frozen=True, slots=True)
class Files:
    """Files by names such as `12ab/workbook`, each written whole or not at all.

    Raises FilesUnavailableError for a bucket that cannot be used, OSError for a folder.
    """

    place: FilesPlace

    @property
    def folder(self) -> Path | None:
        """None for a bucket."""
        return self.place.folder

    def put(self, name: str, content: bytes | Path) -> None:
        with self._reached():
            self._store.put(name, content, use_multipart=False)  # of several parts some could be left for ever

    def keep(self, name: str, path: Path) -> None:
        """Put a file so that it survives a power cut, as what a bucket has confirmed does anyway."""
        self.put(name, path)
        if self.folder is not None:
            kept = self.folder / name
            for one in (kept, kept.parent, self.folder):
                flush(one)

    def read(self, name: str) -> bytes:
        """Raise FileNotFoundError if there is none."""
        with self._reached():
            return bytes(self._store.get(name).bytes())

    def size(self, name: str) -> int | None:
        """Return the size in bytes, None if there is no such file."""
        try:
            with self._reached():
                return int(self._store.head(name)["size"])
        except FileNotFoundError:
            self._refuse_missing_bucket(name)
            return None

    def has(self, name: str) -> bool:
        return self.size(name) is not None

    @contextmanager
    def fetched(self, name: str) -> Iterator[Path]:
        """Yield the file itself of a folder, a copy of one in a bucket; raises FileNotFoundError."""
        if self.folder is not None:
            (self.folder / name).stat()
            yield self.folder / name
            return
        with tempfile.TemporaryDirectory(prefix="fetched-") as folder:
            path = Path(folder, Path(name).name)
            with self._reached(), path.open("wb") as copy:
                for chunk in self._store.get(name).stream():
                    copy.write(chunk)
            yield path

    def delete(self, name: str) -> None:
        """Do nothing if there is none."""
        try:
            with self._reached():
                self._store.delete(name)
        except FileNotFoundError:
            return

    def folders(self) -> list[str]:
        """Return the first parts of all names."""
        with self._reached():
            return sorted(self._store.list_with_delimiter()["common_prefixes"])

    def delete_folder(self, folder: str) -> None:
        if not folder:
            raise ValueError("a folder without a name would be all files")
        if self.folder is not None:
            shutil.rmtree(self.folder / folder, ignore_errors=True)  # with what was never written to its end
            return
        for one in self._listed(folder):
            self.delete(one["path"])

    def _listed(self, folder: str) -> list[Any]:
        with self._reached():
            return list(self._store.list(folder).collect())

    def _refuse_missing_bucket(self, name: str) -> None:
        """Raise FilesUnavailableError: of a single file S3 does not say what is missing, the file or the bucket."""
        if self.folder is None:
            self._listed(name)

    @property
    def _store(self) -> "LocalStore | S3Store":
        return _opened(self.place)

    @contextmanager
    def _reached(self) -> Iterator[None]:
        from obstore.exceptions import BaseError  # noqa: PLC0415  # 8 MB that a process without imports saves

        try:
            yield
        except FileNotFoundError as error:
            if "<Code>NoSuchBucket</Code>" in str(error):
                raise self._unavailable(str(error)) from error
            raise
        except BaseError as error:
            if self.folder is not None:
                raise _error_of_the_system(error, self.folder) from error
            raise self._unavailable(str(error)) from error

    def _unavailable(self, text: str) -> FilesUnavailableError:
        return FilesUnavailableError(
            f"The uploaded files in {self.place.url} cannot be reached just now: nothing was changed, and "
            f"{_what_to_do(text, has_key=bool(self.place.access_key_id))}."
        )


def flush(path: Path) -> None:
    """Write what the system has of a file or folder to the disk."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _what_to_do(text: str, *, has_key: bool) -> str:
    if "<Code>NoSuchBucket</Code>" in text:
        return "the operator of this site has to name a bucket in FILES_URL that exists"
    if "status code: 403" in text or "status code: 401" in text:
        key = "FILES_ACCESS_KEY_ID and its rights" if has_key else "the rights of this server's role"
        return f"the operator of this site has to check {key}, as the bucket refuses it"
    if _ADDRESS_OF_ROLES in text:
        return "the operator of this site has to set FILES_ACCESS_KEY_ID, as this server has no role"
    return "it can be tried again in a moment"


def _error_of_the_system(error: Exception, folder: Path) -> OSError:
    found = _ERROR_OF_THE_SYSTEM.search(str(error))
    number = int(found[1]) if found else errno.EIO
    return OSError(number, os.strerror(number), str(folder))


@cache
def _opened(place: FilesPlace) -> "LocalStore | S3Store":
    from obstore.store import LocalStore, S3Store  # noqa: PLC0415  # as in `_reached`

    if place.folder is not None:
        place.folder.mkdir(parents=True, exist_ok=True)
        return LocalStore(place.folder)
    parts = urlsplit(place.url)
    named = {
        "endpoint": place.endpoint,
        "region": place.region,
        "access_key_id": place.access_key_id,
        "secret_access_key": place.secret_access_key,
    }
    return S3Store(
        parts.netloc,
        prefix=parts.path.strip("/") or None,
        client_options={
            "allow_http": place.endpoint.startswith("http:"),
            "connect_timeout": timedelta(seconds=_CONNECT_SECONDS),
            "timeout": timedelta(seconds=_REQUEST_SECONDS),
        },
        retry_config={"max_retries": _MOST_RETRIES, "retry_timeout": timedelta(seconds=_RETRY_SECONDS)},
        **{name: value for name, value in named.items() if value},  # type: ignore[arg-type]  # its stubs want each by name
    )
