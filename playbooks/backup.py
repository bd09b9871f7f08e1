"""`fab backup`: make a backup now, or prove that the newest can be restored."""

import json

from playbooks.shapes.shape import Shape
from playbooks.shapes.tasks import shape_task
from playbooks.steps.session import RefusedError, Session
from provisioning.host import Host

PROGRAM = ("python3", "-E", "-s", "-B", "/usr/local/lib/invoices/backup_runs.py")
REPORTS = "/var/lib/invoices/reports"
_SECONDS = 4 * 3600


@shape_task(
    Shape.backup,
    base="A copy of the whole database for the archive, as each night.",
    prove="Restore what was backed up, compare it to the cent, and write the certificate, as each night.",
    dry_run="Only say what would be made.",
)
def backup(found: Session, *, base: bool = False, prove: bool = False, dry_run: bool = False) -> None:
    """Make a backup now; the timers of the server do it every hour."""
    kinds = [kind for kind, wanted in (("base-backup", base), ("certificate", prove)) if wanted] or ["backup"]
    if dry_run:
        found.steps.note(f"Would be made now: {', '.join(kinds)}.")
        return
    for kind in kinds:
        sentence = made(found.host, kind)
        found.console.print(sentence, markup=False)


def made(host: Host, kind: str) -> str:
    """Run it as the timers do, and return what it reports; raises RefusedError if that is not ok."""
    done = host.act(*PROGRAM, kind, check=False, seconds=_SECONDS)
    sentence = (done.out or done.err).strip()
    if not done.ok:
        raise RefusedError(f"{host.name}: {sentence}")
    return sentence


def report_of(host: Host, kind: str) -> dict[str, object]:
    """Return the newest report, empty if there is none."""
    text = host.read(f"{REPORTS}/{kind}.json")
    if text is None:
        return {}
    try:
        found: dict[str, object] = {"at": "unknown", "sentence": "", "ok": False} | json.loads(text)
    except (ValueError, TypeError):
        return {"ok": False, "at": "unknown", "sentence": "The report is damaged: run it again with `fab backup`."}
    return found
