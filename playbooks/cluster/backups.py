"""Backups of a cluster: snapshots and the archive of RDS, and the logical dumps in a locked bucket."""

from rich.box import SIMPLE_HEAD
from rich.table import Table

from playbooks.cluster import database
from playbooks.cluster.once import OneOff
from playbooks.steps.moment import utc_now_in_names
from playbooks.steps.session import ClusterSession, RefusedError

_SECONDS = 4 * 3600
_NEWEST = 10


def backup(found: ClusterSession, *, base: bool, prove: bool) -> None:
    settings = found.settings
    if prove:
        raise RefusedError(
            f"{settings.name}: a cluster proves its backups by `fab restore --to-scratch`, in an instance of its own."
        )
    is_logical = bool(settings.backup_repository) and not base
    kinds = ["snapshot", *(["logical backup"] if is_logical else [])]
    if found.is_rehearsal:
        found.steps.note(f"Would be made now: {', '.join(kinds)}.")
        return
    name = f"{settings.name}-{utc_now_in_names().lower()}"
    with found.steps.step("Make a snapshot"):
        database.snapshot(found, name)
    found.console.print(f"The snapshot {name} was made.", markup=False)
    if is_logical:
        printed = OneOff.of_backup(found).output_of("invoices", "backup", seconds=_SECONDS)
        found.console.print(printed, markup=False)


def backups(found: ClusterSession, *, shows_all: bool) -> None:
    newest = database.described(found).get("LatestRestorableTime")
    if newest:
        days = database.described(found)["BackupRetentionPeriod"]
        found.console.print(
            f"Any second of the last {days} days until {newest:%Y-%m-%d %H:%M:%S} UTC: `fab restore --at`."
        )
    else:
        found.console.print("Nothing can be restored to a moment yet: the first copy is not made.", style="red")
    table = Table("Snapshot", "Made", "", box=SIMPLE_HEAD)
    listed = database.snapshots(found)
    for one in reversed(listed if shows_all else listed[-_NEWEST:]):
        state = "" if one["Status"] == "available" else f"[red]{one['Status']}[/]"
        table.add_row(one["DBSnapshotIdentifier"], f"{one['SnapshotCreateTime']:%Y-%m-%d %H:%M:%S} UTC", state)
    found.console.print(table)
