"""The backups that a place holds: which there are, which count, and which are old enough to go."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.backups.manifest import MANIFEST, SIGNATURE, id_of, moment_of
from app.backups.places import Directory, Place
from app.backups.refusals import BackupError

KEPT_DAYS = 35
_WRONG_BY = timedelta(minutes=5)
_DUMPS, _CERTIFICATES = "dumps/", "certificates/"


@dataclass(frozen=True, slots=True)
class StoredBackup:
    """`is_complete` once its manifest and the signature, which are uploaded last, are there: no other counts."""

    id: str
    at: datetime
    bytes: int
    is_complete: bool


def stored_backups(place: Place) -> list[StoredBackup]:
    """Return all backups, oldest first."""
    found: dict[str, dict[str, int]] = {}
    for key, size in place.sizes(_DUMPS).items():
        backup_id, _, name = key.removeprefix(_DUMPS).partition("/")
        found.setdefault(backup_id, {})[name] = size
    return [
        StoredBackup(backup_id, at, sum(sizes.values()), is_complete={MANIFEST, SIGNATURE} <= sizes.keys())
        for backup_id, sizes in sorted(found.items())
        if (at := moment_of(backup_id))
    ]


def newest_complete(place: Place) -> StoredBackup | None:
    return next((one for one in reversed(stored_backups(place)) if one.is_complete), None)


def refuse_wrong_clock(place: Place, now: datetime) -> None:
    """Raise BackupError where a backup that is made now would not be the newest, or bear a wrong time."""
    theirs = place.now()
    if theirs and abs(theirs - now) > _WRONG_BY:
        raise BackupError(
            f"The clock of this server says {_said(now)}, that of the bucket {_said(theirs)}: set the clock, and make "
            f"the backup then."
        )
    newest = newest_complete(place)
    if newest and newest.id > id_of(now):
        raise BackupError(
            f"The clock of this server says {_said(now)}, but there is a backup of {_said(newest.at)}: set the clock, "
            f"and make the backup then."
        )


def prune(place: Directory, now: datetime, is_good: Callable[[str], bool]) -> list[str]:
    """Remove what is older than 35 days, but never the newest good backup; return the ids of the removed backups."""
    backups = stored_backups(place)
    # Newest first, as each question takes a program of its own.
    good = (one.id for one in reversed(backups) if one.is_complete and one.at <= now and is_good(one.id))
    removed = expired((one.id for one in backups), {newest} if (newest := next(good, "")) else set(), now)
    for backup_id in removed:
        keys = place.keys(f"{_DUMPS}{backup_id}/")
        # The manifest first: what is removed in part counts no more.
        for key in sorted(keys, key=lambda key: not key.endswith((MANIFEST, SIGNATURE))):
            place.remove(key)
    _prune_certificates(place, now)
    return removed


def expired(ids: Iterable[str], good: Collection[str], now: datetime) -> list[str]:
    """Return which of the ids are too old at that moment; `good` are those that can be restored."""
    oldest = id_of(now - timedelta(days=KEPT_DAYS))
    newest_good = max(good, default="")
    return sorted(one for one in ids if one < oldest and one != newest_good)


def _prune_certificates(place: Directory, now: datetime) -> None:
    keys = place.keys(_CERTIFICATES)
    ids = {key.removeprefix(_CERTIFICATES).split(".")[0] for key in keys}
    old = expired((one for one in ids if moment_of(one)), ids, now)
    for key in keys:
        if key.removeprefix(_CERTIFICATES).split(".")[0] in old:
            place.remove(key)


def _said(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
