"""`fab import-workbook`: import a local workbook into the dashboard; without --apply only a preview."""

from pathlib import Path

from playbooks.shapes.shape import Shape
from playbooks.shapes.tasks import shape_task
from playbooks.steps.session import RefusedError, Session
from playbooks.steps.stack import serving

_SECONDS = 900
# In the container only the data folder is on disk: the file is kept in memory (/tmp) while the command runs.
_RECEIVE = 'name="/tmp/$1"; shift; trap "rm -f \\"$name\\"" EXIT; cat > "$name" && invoices import "$name" "$@"'


@shape_task(
    Shape.import_workbook, file="The workbook.", apply="Write it; without this, only tell what would be written."
)
def import_workbook(found: Session, file: str, *, apply: bool = False) -> None:
    """Show what a workbook would change, or import it with --apply."""
    path = Path(file)
    if not path.is_file():
        raise RefusedError(f"{file} is not there.")
    worker = serving(found.host, "worker")
    result = found.host.act(
        "docker", "exec", "--interactive", worker[0].id, "sh", "-c", _RECEIVE, "sh", path.name,
        *(["--apply"] if apply else []), stdin=path.read_bytes(), check=False, seconds=_SECONDS,
    )  # fmt: skip
    found.console.print((result.out + result.err).strip(), markup=False)
    if not result.ok:
        raise RefusedError("Nothing was imported.")
