"""Whether both layers of the backup restore to what the live database was at one moment, to the cent."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import monotonic

from app.backups import dumps, n8n, physical
from app.backups.figures import Figures, differences
from app.backups.manifest import DUMP, MANIFEST, Manifest, StoredFile, sha256_of
from app.backups.n8n import N8nFigures
from app.backups.physical import BaseBackup, Repository, Target
from app.backups.places import Place
from app.backups.reading_back import is_signed
from app.backups.refusals import BackupError
from app.backups.scratch import ScratchServer, folder_in, new_server, server_of
from app.backups.stored_backups import newest_complete
from app.backups.working_folder import full_disk_told, refuse_without_room
from app.domain.sentences import counted
from app.store.db import database
from app.store.db.database import DatabaseUnavailableError
from app.store.db.markers import Marker
from app.store.db.server import ServerFacts

_MOST_SENTENCES = 20
_RESTORED, _RESTORED_N8N = "restored", "restored_n8n"
_DUMP, _ARCHIVE = "The dump", "The archive"
_SPARE = 256 * 1024 * 1024  # the WAL since the base backup, and what a server writes as it starts
_EXPECTED = (BackupError, DatabaseUnavailableError)
_AMCHECK = ("--install-missing", "--heapallindexed", "--parent-check")

# Takes the address of a database and an empty folder, and returns what is wrong with the pages of the app on it.
PagesOf = Callable[[str, Path], list[str]]


@dataclass(frozen=True, slots=True)
class OfN8n:
    """What was taken of n8n's database, which is dumped beside the ledger's, with the key of its credentials."""

    figures: N8nFigures
    database: str
    key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was taken of the live database at the marker, and has to be found again in what is restored.

    `dump` is the dump before it was encrypted and sent, `base` the base backup that recovery begins with; `lost` says
    which uploaded workbooks could not be backed up, `signer` whose signature the backup bears.
    """

    manifest: Manifest
    figures: Figures
    dump: Path
    lost: tuple[str, ...]
    signer: str
    marker: Marker
    base: BaseBackup
    server: ServerFacts
    rpo_seconds: float
    n8n: OfN8n | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What differs, in sentences; seconds until the restored server answered, and until the app served a page of it."""

    problems: tuple[str, ...]
    restore_seconds: float | None = None
    rto_seconds: float | None = None


def judge(evidence: Evidence, place: Place, repository: Repository, folder: Path, pages_of: PagesOf) -> Verdict:
    """Try everything, also where something was wrong before: one night tells all that has to be put right."""
    problems = [
        *evidence.lost,
        *_as_sent(evidence.manifest, evidence.signer, place, folder),
        *_logical(evidence, folder),
    ]
    restored = _physical(evidence, repository, folder, pages_of)
    return replace(restored, problems=(*problems, *restored.problems))


def few(sentences: list[str]) -> list[str]:
    more = len(sentences) - _MOST_SENTENCES
    if more <= 0:
        return sentences
    return [*sentences[:_MOST_SENTENCES], f"{counted(more, 'more differs', 'more differ')}."]


def _as_sent(manifest: Manifest, signer: str, place: Place, folder: Path) -> list[str]:
    """Return what differs between what was sent and what the place now says that it has."""
    problems: list[str] = []
    described = folder / "described"
    manifest.write(described)
    key = f"dumps/{manifest.id}/{MANIFEST}"
    own = StoredFile(MANIFEST, key, "", 0, sha256_of(described), described.stat().st_size)
    with _told(problems):
        newest = newest_complete(place)
        if newest is None or newest.id != manifest.id:
            problems.append(
                f"The newest whole backup in the place of the backups is {newest.id if newest else 'none'}, not "
                f"{manifest.id}, which was just made: somebody put it there or took it away."
            )
        sizes = place.sizes(f"dumps/{manifest.id}/") | place.sizes("files/")
        for file in (*manifest.files, own):
            problems += _file_as_sent(file, sizes.get(file.key), place, folder)
        if place.is_weaker and not problems and not is_signed(place, manifest.id, signer):
            problems.append(f"The signature of backup {manifest.id} in the place of the backups is not what was sent.")
    return few(problems)


def _file_as_sent(file: StoredFile, size: int | None, place: Place, folder: Path) -> Iterator[str]:
    if size is None:
        yield f"{file.key} was sent, and is not in the place of the backups."
    elif size != file.bytes:
        yield f"{file.key} has {size:,} bytes in the place of the backups, and {file.bytes:,} were sent."
    elif place.is_weaker and file.sha256:
        # A bucket has compared it as it came and lets nobody write over it; its key cannot read it back.
        copy = folder / "copy"
        place.get(file.key, copy)
        if sha256_of(copy) != file.sha256:
            yield f"{file.key} in the place of the backups is not what was sent: some of it was changed."
        copy.unlink()


def _logical(evidence: Evidence, folder: Path) -> list[str]:
    problems: list[str] = []
    sent = next(file for file in evidence.manifest.files if file.name == DUMP)
    if sha256_of(evidence.dump) != sent.plain_sha256:
        problems.append(f"{_DUMP}: it is not the one that was made, some of it was changed on this server's disk.")
    with _told(problems, _DUMP):
        refuse_without_room(folder, evidence.server.size + _SPARE)
        own = folder_in(folder, "logical")
        with new_server(own) as server:
            server.do("createdb", _RESTORED)
            dumps.restore(evidence.dump, server.url(_RESTORED))
            problems += _restored_as(evidence, server, _RESTORED, _DUMP)
            if evidence.n8n:
                problems += _n8n_from_its_dump(evidence.n8n, evidence.dump.with_name(n8n.DUMP), server)
        shutil.rmtree(own)
    return problems


def _physical(evidence: Evidence, repository: Repository, folder: Path, pages_of: PagesOf) -> Verdict:
    problems: list[str] = []
    restored: float | None = None
    served: float | None = None
    with _told(problems, _ARCHIVE):
        refuse_without_room(folder, evidence.base.size + _SPARE)
        own = folder_in(folder, "physical")
        began = monotonic()
        physical.restore(repository, own, Target.marker(evidence.marker.name, evidence.base.label))
        with server_of(own, evidence.server.superuser) as server:
            physical.forget(own)
            restored = monotonic() - began
            problems += _restored_as(evidence, server, evidence.server.database, _ARCHIVE)
            if evidence.n8n:
                problems += _n8n_opens(evidence.n8n, server, evidence.n8n.database, _ARCHIVE)
            # Asked for last, as a user signs in for it: the seconds of the checks above are nobody's wait.
            asked = monotonic()
            problems += pages_of(server.url(evidence.server.database), folder_in(folder, "app"))
            served = restored + monotonic() - asked
    return Verdict(tuple(problems), restored, served)


def _n8n_from_its_dump(expected: OfN8n, dump: Path, server: ScratchServer) -> list[str]:
    server.do("createdb", _RESTORED_N8N)
    dumps.restore(dump, server.url(_RESTORED_N8N))
    found = n8n.figures_at(server.url(_RESTORED_N8N))
    differ = [f"{_DUMP}: {sentence}" for sentence in few(n8n.differences(expected.figures, found))]
    return [*differ, *_n8n_opens(expected, server, _RESTORED_N8N, _DUMP)]


def _n8n_opens(expected: OfN8n, server: ScratchServer, name: str, layer: str) -> list[str]:
    """Return what of n8n is damaged or locked for ever; its rows go on changing between marker and dump."""
    server.do("pg_amcheck", *_AMCHECK, "--database", name)
    return [f"{layer}: {sentence}" for sentence in few(n8n.locked_credentials(server.url(name), expected.key))]


def _restored_as(evidence: Evidence, server: ScratchServer, name: str, layer: str) -> list[str]:
    """Return where the restored database is damaged, or means something else than the live one at the marker."""
    server.do("pg_amcheck", *_AMCHECK, "--database", name)
    with database.another_database(server.url(name)):
        found = Figures.taken(evidence.figures.today)
    return [f"{layer}: {sentence}" for sentence in few(differences(evidence.figures, found))]


@contextmanager
def _told(problems: list[str], layer: str = "") -> Iterator[None]:
    """Make a problem of what keeps the block from its end."""
    try:
        with full_disk_told():
            yield
    except _EXPECTED as error:
        problems.append(f"{layer}: {error}" if layer else str(error))
