"""A database restored beside the one that serves, looked at, and put in its place; what was there before is kept."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import Any

from app.backups import n8n, physical
from app.backups.figures import Figures, differences, firm_day
from app.backups.manifest import refuse_newer
from app.backups.n8n import N8nFigures
from app.backups.physical import NEWEST, BaseBackup, PhysicalError, Repository, Target
from app.backups.refusals import BackupError
from app.backups.scratch import folder_in, server_of, stop_left_running
from app.backups.working_folder import full_disk_told, refuse_without_room
from app.domain.sentences import counted, plain
from app.store.access import audit_chain
from app.store.db import database
from app.store.db import n8n as stored_n8n

DATA, RESTORED, BEFORE, UNDONE = "data", "restored", "before-", "undone-"
_DATABASE, _N8N, _SUPERUSER = "invoices", "n8n", "postgres"
_COMPLETE = "complete"  # a file beside the restored data, once all was looked at
_SPARE_BYTES = 512 * 1024 * 1024
_TOLD = 5  # differences
_AMCHECK = ("--install-missing", "--heapallindexed", "--parent-check", "--no-dependent-toast")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is restored: the newest state, or that of a moment.

    `noted_head` is a seal that its audit has to hold; `expected` are figures that it has to agree with to the cent,
    `n8n` those of n8n's database.
    """

    repository: Repository
    moment: datetime | None = None
    noted_head: str = audit_chain.BEGINNING
    expected: Figures | None = None
    n8n: N8nFigures | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What the restored database holds, and how long it took until it answered."""

    base: BaseBackup
    figures: Figures
    seconds: float

    @property
    def sentence(self) -> str:
        rows = {name: totals["rows"] for name, totals in self.figures.tables.items()}
        held = ", ".join(
            counted(rows.get(table, 0), table.removesuffix("s"), table)
            for table in ("customers", "invoices", "payments")
        )
        entries = f"the audit holds with {self.figures.audit_entries:,} entries"
        return plain(f"Restored in {self.seconds:.0f} s: {held}; {entries}.")


def restore_beside(wanted: Wanted, volume: Path, now: datetime) -> Found:
    """Restore into `restored` below the volume; whatever is wrong raises one sentence, and leaves nothing behind.

    Raises PhysicalError, ScratchError, BackupError or DatabaseUnavailableError.
    """
    discard(volume)
    folder = folder_in(volume, RESTORED)
    try:
        with full_disk_told():
            found = _restored(wanted, volume, folder, now)
        (folder / _COMPLETE).touch()
    except BaseException:
        discard(volume)
        raise
    return found


def _restored(wanted: Wanted, volume: Path, folder: Path, now: datetime) -> Found:
    base = _base_for(wanted, folder)
    refuse_without_room(volume, base.size + _SPARE_BYTES)
    began = monotonic()
    physical.restore(wanted.repository, folder, Target.at(wanted.moment) if wanted.moment else NEWEST)
    with server_of(folder, _SUPERUSER, is_kept=True) as server:
        physical.forget(folder)
        seconds = monotonic() - began
        server.do("pg_amcheck", *_AMCHECK, "--database", _DATABASE)
        figures = _looked_at(server.url(_DATABASE), wanted, now)
        if wanted.n8n:
            _refuse_other_n8n(wanted.n8n, n8n.figures_at(server.url(_N8N)), "What was restored")
    return Found(base, figures, seconds)


def swap(volume: Path, name: str) -> None:
    """Put what was restored in the place of the data, which is kept under the name; the server must not run."""
    restored = volume / RESTORED
    if not (restored / _COMPLETE).exists():
        raise BackupError("Nothing was restored that could take the place of the database.")
    if (volume / DATA).exists():  # else a swap was interrupted between its two steps
        (volume / DATA).rename(volume / f"{BEFORE}{name}")
    (restored / DATA).rename(volume / DATA)
    discard(volume)


def swap_back(volume: Path, name: str) -> None:
    """Put what was there before the last swap back in its place; the server must not run."""
    kept = sorted(volume.glob(f"{BEFORE}*"))
    if not kept:
        raise BackupError("Nothing is kept of a database before this one: there is nothing to go back to.")
    if (volume / DATA).exists():  # else a swap was interrupted between its two steps
        (volume / DATA).rename(volume / f"{UNDONE}{name}")
    kept[-1].rename(volume / DATA)


def kept(volume: Path) -> list[str]:
    """Return the names of the databases that are kept beside the one that serves."""
    return sorted(path.name for pattern in (BEFORE, UNDONE) for path in volume.glob(f"{pattern}*"))


def forget_kept(volume: Path) -> list[str]:
    """Remove what is kept, for good; return the names."""
    if not (volume / DATA).exists():
        raise BackupError("A restore was interrupted: `fab restore --back` puts the database back in its place.")
    names = kept(volume)
    for name in names:
        shutil.rmtree(volume / name)
    return names


def compared(url: str, copy: str, now: datetime) -> dict[str, Any]:
    """Return what both hold, in figures; raises BackupError where they differ."""
    with database.another_database(url):
        expected = Figures.taken(firm_day(now))
    with database.another_database(copy):
        found = Figures.taken(expected.today)
    if found.audit_problem:
        raise BackupError(f"The audit of the copy is broken at {found.audit_problem}.")
    _refuse_what_differs(expected, found, "What the copy holds")
    of_n8n = figures_of_n8n(url)
    if of_n8n:
        _refuse_other_n8n(of_n8n, n8n.figures_at(n8n.url_of(copy, _N8N)), "What the copy holds")
    shown = figures_shown(found)
    return {"sentence": "The copy agrees in every figure, to the cent.", "figures": shown}


def figures_of(url: str, now: datetime) -> dict[str, Any]:
    """Return what a database holds, in figures; raises BackupError where its audit is broken."""
    with database.another_database(url):
        found = Figures.taken(firm_day(now))
    if found.audit_problem:
        raise BackupError(f"The audit is broken at {found.audit_problem}.")
    return {"sentence": "It can be read, and its audit is whole.", "figures": figures_shown(found)}


def figures_of_n8n(url: str) -> N8nFigures | None:
    """Return those of n8n on the server of the app's database, None where n8n never ran."""
    with database.another_database(url):
        if not stored_n8n.is_there(_N8N):
            return None
    with database.another_database(n8n.url_of(url, _N8N)):
        return N8nFigures.taken() if stored_n8n.has_tables() else None


def discard(volume: Path) -> None:
    """Remove what was restored beside, with its server if one was left running."""
    restored = volume / RESTORED
    if restored.exists():
        stop_left_running(restored)
        shutil.rmtree(restored)


def figures_shown(figures: Figures) -> Mapping[str, Any]:
    """Return what is owed by currency as of today, in cents, and the rows of the tables, for whoever decides."""
    owed: dict[str, int] = {}
    for (_, currency), cents in figures.outstanding.get(figures.today, {}).items():
        owed[currency] = owed.get(currency, 0) + cents
    rows = {name: totals["rows"] for name, totals in figures.tables.items()}
    return {"outstanding": owed, "rows": rows, "audit_entries": figures.audit_entries, "audit_head": figures.audit_head}


def _base_for(wanted: Wanted, folder: Path) -> BaseBackup:
    found = physical.base_backups(wanted.repository, folder)
    if not found:
        raise PhysicalError("No base backup in the archive is without errors: restore a logical backup instead.")
    if wanted.moment is None:
        return found[-1]
    before = [one for one in found if one.ended_at <= wanted.moment]
    if not before:
        raise PhysicalError(
            f"The archive reaches back to {found[0].ended_at:%Y-%m-%d %H:%M:%S} UTC: choose a later moment, or restore "
            "a logical backup (`fab backups` lists them)."
        )
    return before[-1]


def _looked_at(url: str, wanted: Wanted, now: datetime) -> Figures:
    with database.another_database(url):
        figures = Figures.taken(wanted.expected.today if wanted.expected else firm_day(now))
        holds_noted = audit_chain.verify(wanted.noted_head).has_noted_head
        refuse_newer(figures.migrations, database.known())
    if figures.audit_problem:
        raise BackupError(f"The audit of what was restored is broken at {figures.audit_problem}.")
    if not holds_noted:
        raise BackupError(
            "What was restored does not hold what the last signed backup before that moment holds: its audit ends "
            "elsewhere, or was written again."
        )
    _refuse_what_differs(wanted.expected or figures, figures, "What was restored")
    return figures


def _refuse_other_n8n(expected: N8nFigures, found: N8nFigures, what: str) -> None:
    if different := n8n.differences(expected, found):
        raise BackupError(f"{what} is not what was there: {' '.join(different[:_TOLD])}")


def _refuse_what_differs(expected: Figures, found: Figures, what: str) -> None:
    different = differences(expected, found)
    if different:
        more = f" And {len(different) - _TOLD:,} more." if len(different) > _TOLD else ""
        raise BackupError(f"{what} is not what was there: {' '.join(different[:_TOLD])}{more}")
