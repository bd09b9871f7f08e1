"""`fab backups`: what could be restored: any second of the archive, and the logical backups."""

from rich.box import SIMPLE_HEAD
from rich.table import Table

from playbooks.backup import report_of
from playbooks.shapes.shape import Shape
from playbooks.shapes.tasks import shape_task
from playbooks.steps import backup_place, release
from playbooks.steps.session import Session
from playbooks.steps.stack import Stack

_KINDS = {"backup": "Newest logical backup", "base-backup": "Newest copy of the whole", "certificate": "Newest proof"}


@shape_task(Shape.backups, all="Every logical backup, not the newest ten.")
def backups(found: Session, *, all: bool = False) -> None:  # noqa: A002  # the name of the option
    """Show what can be restored, and whether that was proved."""
    for kind, title in _KINDS.items():
        report = report_of(found.host, kind)
        told = f"{report['at']}: {report['sentence']}" if report else "none yet"
        found.console.print(f"{title}: {told}", style="" if report.get("ok", True) else "red", markup=False)
    info = Stack(found.host, release.deployed(found.host)).query(
        "exec", "-T", "db", "pgbackrest", "--stanza=invoices", "info", check=False
    )
    found.console.print(info.out.strip() or "The archive cannot be read.", markup=False, style="dim")
    if found.settings.backup_bucket:
        _print(found, backup_place.listed(found)[0 if all else -10 :])


def _print(found: Session, listed: list[dict[str, object]]) -> None:
    table = Table("Logical backup", "Size", "", box=SIMPLE_HEAD)
    for one in reversed(listed):
        size = f"{int(str(one['bytes'])) / 1_000_000:,.1f} MB"
        table.add_row(str(one["backup"]), size, "" if one["complete"] else "[red]not complete[/]")
    found.console.print(table)
