"""The nightly certificate: signed evidence that the newest backup was restored here, and agreed to the cent."""

import hashlib
import json
import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Self

from app.backups import logical, physical, signatures
from app.backups.figures import Figures
from app.backups.manifest import DUMP, id_of, moment_of
from app.backups.physical import BaseBackup, PhysicalError, Repository
from app.backups.places import place_at
from app.backups.proof import Evidence, OfN8n, PagesOf, Verdict, judge
from app.backups.refusals import BackupError
from app.backups.scratch import own_folder
from app.backups.working_folder import full_disk_told
from app.domain.sentences import counted
from app.settings import AppSettingsError, BackupSettings
from app.store.db.database import DatabaseUnavailableError
from app.store.db.markers import Marker, MarkerError, archived, marked
from app.store.db.server import server_facts

FORMAT = 1
_ARCHIVED_WITHIN = 90.0
_OLDEST_BASE = timedelta(hours=50)  # two nights, and some time to make it
_CLOCKS_DIFFER = timedelta(seconds=60)
_PAUSE = 0.2
_EXPECTED = (AppSettingsError, BackupError, DatabaseUnavailableError, MarkerError)

log = logging.getLogger(__name__)


class CertificateError(BackupError):
    """A file is no certificate, or does not certify what it seems to; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """What was tried, and what came of it: a backup is proved if there is no problem.

    `figures` is the SHA-256 of the figures that were compared, which the backup has in encrypted form: the certificate
    itself names no customer. Seconds are None where it did not come to that.
    """

    at: datetime
    backup: str
    problems: tuple[str, ...] = ()
    restore_seconds: float | None = None
    rpo_seconds: float | None = None
    rto_seconds: float | None = None
    figures: str = ""
    audit_entries: int = 0
    audit_head: str = ""

    @property
    def ok(self) -> bool:
        return not self.problems

    @property
    def measured(self) -> tuple[float | None, ...]:
        return self.restore_seconds, self.rpo_seconds, self.rto_seconds

    @property
    def sentence(self) -> str:
        if self.problems:
            return f"{self._not_proved} {self.problems[0]}{self._more}"
        return f"Backup {self.backup} was restored in {self.restore_seconds or 0:.0f} s and agrees to the cent."

    @property
    def _not_proved(self) -> str:
        return f"Backup {self.backup} is not proved:" if self.backup else "No backup is proved:"

    @property
    def _more(self) -> str:
        more = len(self.problems) - 1
        return f" The report names {counted(more, 'more problem', 'more problems')}." if more else ""

    def to_json(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "at": self.at.isoformat(),
            "ok": self.ok,
            "sentence": self.sentence,
            "backup": self.backup,
            "restore_seconds": _rounded(self.restore_seconds),
            "rpo_seconds": _rounded(self.rpo_seconds),
            "rto_seconds": _rounded(self.rto_seconds),
            "figures": self.figures,
            "audit": {"entries": self.audit_entries, "head": self.audit_head},
            "problems": list(self.problems),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Raise ValueError, KeyError or TypeError for what is no certificate."""
        if values["format"] > FORMAT:
            raise ValueError("a newer format")
        found = cls(
            at=datetime.fromisoformat(values["at"]),
            backup=str(values["backup"]),
            problems=tuple(values["problems"]),
            restore_seconds=values["restore_seconds"],
            rpo_seconds=values["rpo_seconds"],
            rto_seconds=values["rto_seconds"],
            figures=str(values["figures"]),
            audit_entries=int(values["audit"]["entries"]),
            audit_head=str(values["audit"]["head"]),
        )
        if dict(values) != found.to_json() or (found.ok and None in found.measured):
            raise ValueError("it contradicts itself")
        return found


def make(settings: BackupSettings, now: datetime, shown: Mapping[str, str], pages_of: PagesOf) -> Certificate:
    """Back up the open PostgreSQL database, restore what was backed up, and store a certificate if all agrees.

    Whatever keeps it from the end is a problem of the certificate that is returned; none is stored then.
    """
    try:
        with full_disk_told(), own_folder(settings.scratch_dir, "certificate") as folder:
            evidence = gather(settings, folder, now, shown)
            place = place_at(settings)
            certificate = _certified(evidence, judge(evidence, place, _repository(settings), folder, pages_of), now)
            if certificate.ok:
                _store(certificate, settings, folder)
            return certificate
    except _EXPECTED as error:
        return Certificate(now, "", (str(error),))
    except Exception as error:
        log.exception("the certificate could not be made")
        broken = f"The proof broke off, as the program failed: {type(error).__name__}. Its log says where."
        return Certificate(now, "", (broken,))


def gather(settings: BackupSettings, folder: Path, now: datetime, shown: Mapping[str, str]) -> Evidence:
    """Take a logical backup and a marker in the archive, both of one moment; the figures are of that moment too."""
    settings.require("backup_place", "backup_signing_key_file", "backup_repository", "backup_cipher")
    server = server_facts()
    if abs(server.now - now) > _CLOCKS_DIFFER:
        raise BackupError(
            f"The clock of the database says {server.now:%Y-%m-%d %H:%M:%S}, and that of this machine "
            f"{now:%Y-%m-%d %H:%M:%S} UTC: set the clocks, and try again."
        )
    base = _newest_base(settings, folder, now)
    # Recovery stops at the first marker of a name: no other may ever have had it.
    with marked(f"invoices_{id_of(now)}_{secrets.token_hex(4)}") as marker:
        rpo_seconds = _wait_until_archived(marker)
        made = logical.make(settings, folder, now, shown)
    figures = made.manifest.figures
    assert figures is not None
    assert settings.backup_signing_key_file is not None
    signer = signatures.allowed_signers_line(signatures.public_key(settings.backup_signing_key_file))
    of_n8n = OfN8n(made.n8n, settings.n8n_database, settings.n8n_encryption_key) if made.n8n else None
    return Evidence(
        made.manifest, figures, folder / DUMP, tuple(made.lost), signer, marker, base, server, rpo_seconds, of_n8n
    )


def verify(path: Path, allowed_signers_line: str) -> Certificate:
    """Raise SignatureError or CertificateError unless that server signed it, and its contents hold together."""
    signatures.verify(path, path.with_name(f"{path.name}.sig"), allowed_signers_line)
    try:
        certificate = Certificate.from_json(json.loads(path.read_bytes()))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CertificateError(f"{path.name} is signed, but it is no certificate of this product.") from error
    began = moment_of(certificate.backup)
    if began is None or not timedelta(0) <= certificate.at - began < timedelta(seconds=1):
        raise CertificateError(f"{path.name} is signed, but its time is not that of the backup that it names.")
    if path.stem != certificate.backup:
        raise CertificateError(f"{path.name} is of backup {certificate.backup}: it was given another name.")
    if not certificate.ok:
        raise CertificateError(certificate.sentence)
    return certificate


def _newest_base(settings: BackupSettings, folder: Path, now: datetime) -> BaseBackup:
    found = physical.base_backups(_repository(settings), folder)
    if not found:
        raise PhysicalError("No base backup in the archive is without errors: make one, and try again.")
    if now - found[-1].ended_at > _OLDEST_BASE:
        raise PhysicalError(
            f"The newest base backup in the archive is of {found[-1].ended_at:%Y-%m-%d %H:%M} UTC: one is made each "
            f"night, so see why it was not, or who put an old archive there."
        )
    return found[-1]


def _wait_until_archived(marker: Marker) -> float:
    """Return how long a change made at the marker could have been lost with this server's disk, in seconds."""
    ends = monotonic() + _ARCHIVED_WITHIN
    while True:
        now = archived()
        if now.at and now.segment[8:] >= marker.segment[8:]:
            return max((now.at - marker.at).total_seconds(), 0.0)
        if monotonic() > ends:
            reason = f"it fails to take {now.failure}" if now.failure else f"it has {now.segment or 'nothing'}"
            raise PhysicalError(
                f"The archive did not take {marker.segment} within {_ARCHIVED_WITHIN:.0f} seconds of the marker: "
                f"{reason}."
            )
        sleep(_PAUSE)


def _certified(evidence: Evidence, verdict: Verdict, now: datetime) -> Certificate:
    return Certificate(
        at=now,
        backup=evidence.manifest.id,
        problems=verdict.problems,
        restore_seconds=verdict.restore_seconds,
        rpo_seconds=evidence.rpo_seconds,
        rto_seconds=verdict.rto_seconds,
        figures=_sha256_of(evidence.figures),
        audit_entries=evidence.figures.audit_entries,
        audit_head=evidence.figures.audit_head,
    )


def _store(certificate: Certificate, settings: BackupSettings, folder: Path) -> None:
    """Sign it and put it beside the backups; the signature comes last, so without one it does not count."""
    assert settings.backup_signing_key_file is not None
    path = folder / f"{certificate.backup}.json"
    path.write_text(json.dumps(certificate.to_json(), indent=2), encoding="utf-8")
    signature = signatures.sign(path, settings.backup_signing_key_file)
    place = place_at(settings)
    for one in (path, signature):
        place.put(f"certificates/{one.name}", one)


def _sha256_of(figures: Figures) -> str:
    return hashlib.sha256(json.dumps(figures.to_json(), indent=2).encode()).hexdigest()


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)


def _repository(settings: BackupSettings) -> Repository:
    return Repository(
        place=settings.backup_place,
        name=settings.backup_repository,
        cipher=settings.backup_cipher,
        endpoint=settings.backup_endpoint,
        region=settings.backup_region,
        access_key_id=settings.backup_access_key_id,
        secret_access_key=settings.backup_secret_access_key,
        ca_file=str(settings.backup_ca_file or ""),
    )
