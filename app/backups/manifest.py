"""The manifest of a backup: what is in it, what that must look like, and what made it; signed, and uploaded last."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from app.backups.figures import Figures
from app.backups.refusals import BackupError

FORMAT = 1
MANIFEST, SIGNATURE = "manifest.json", "manifest.json.sig"
DUMP, SETTINGS, FIGURES = "invoices.dump", "settings.json", "figures.json"
_ID = "%Y%m%dT%H%M%SZ"


class ManifestError(BackupError):
    """The message is one sentence."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of a backup: where it belongs, under which key it is stored, and what it must look like there and here.

    `sha256` and `bytes` are those of the stored, encrypted file; `sha256` is empty where an earlier backup stored it:
    encrypting the same twice gives different files. In a backup that is not encrypted both are those of the content.
    """

    name: str
    key: str
    plain_sha256: str
    plain_bytes: int
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """`versions` are those of `app`, `pg_dump` and `server`, and of `n8n` where its database is in the backup.

    The figures tell what customers owe, so the manifest, which anybody who lists the bucket may read, leaves them to an
    encrypted file of the backup: `figures` is None until that was opened.
    """

    id: str
    made_at: datetime
    versions: Mapping[str, str]
    migrations: tuple[str, ...]
    repository: str
    files: tuple[StoredFile, ...]
    figures: Figures | None = None

    def write(self, path: Path) -> None:
        values = {
            "format": FORMAT,
            "id": self.id,
            "made_at": self.made_at.astimezone(UTC).isoformat(),
            "versions": dict(self.versions),
            "migrations": list(self.migrations),
            "repository": self.repository,
            "files": [asdict(file) for file in self.files],
        }
        path.write_text(json.dumps(values, indent=2), encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Self:
        """Raise ManifestError if it is none, or of a later version of the product."""
        try:
            values = json.loads(path.read_bytes())
            if values["format"] > FORMAT:
                raise ManifestError("This backup was made by a newer version of the product: take that one first.")
            return cls(
                id=str(values["id"]),
                made_at=datetime.fromisoformat(values["made_at"]),
                versions=values["versions"],
                migrations=tuple(values["migrations"]),
                repository=str(values["repository"]),
                files=tuple(_stored_file(file) for file in values["files"]),
            )
        except FileNotFoundError as error:
            raise ManifestError("There is no manifest: this is no backup, or only a part of one.") from error
        except (ValueError, KeyError, TypeError) as error:
            raise ManifestError("The manifest of this backup is damaged.") from error

    def with_figures(self, path: Path) -> Self:
        """Raise ManifestError if they cannot be read."""
        try:
            return replace(self, figures=Figures.from_json(json.loads(path.read_bytes())))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ManifestError("The figures of this backup cannot be read.") from error

    def refuse_newer(self, known: Iterable[str]) -> None:
        refuse_newer(self.migrations, known)


def refuse_newer(migrations: Iterable[str], known: Iterable[str]) -> None:
    """Raise ManifestError if tables were made by migrations that this version of the product does not know."""
    newer = sorted(set(migrations) - set(known))
    if newer:
        raise ManifestError(
            f"This backup was made by a newer version of the product, with {', '.join(newer)}: take that version first."
        )


def id_of(moment: datetime) -> str:
    """Return the id of a backup that is made at that moment, such as 20261128T090500Z."""
    return moment.astimezone(UTC).strftime(_ID)


def moment_of(backup_id: str) -> datetime | None:
    """Return None for what is no id."""
    try:
        moment = datetime.strptime(backup_id, _ID).replace(tzinfo=UTC)
    except ValueError:
        return None
    return moment if id_of(moment) == backup_id else None


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _stored_file(values: Mapping[str, Any]) -> StoredFile:
    file = StoredFile(**values)
    if any(part in {"", ".", ".."} for name in (file.name, file.key) for part in name.split("/")):
        raise ValueError(file.name)
    return file
