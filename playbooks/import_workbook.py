"""`fab import-workbook`: read a workbook of this machine into the dashboard; a look first, then for good."""

from pathlib import Path

from invoke.context import Context
from invoke.tasks import task

from playbooks.steps.session import SERVER_HELP, STACK, RefusedError, session
from playbooks.steps.stack import containers

_SECONDS = 900
# The app's container has no place that lasts but its data: the file lies in memory for the time of the command.
_RECEIVE = 'name="/tmp/$1"; shift; trap "rm -f \\"$name\\"" EXIT; cat > "$name" && invoices import "$name" "$@"'


@task(
    positional=["file"],
    help=SERVER_HELP | {"file": "The workbook.", "apply": "Write it; without this, only tell what would be written."},
)
def import_workbook(context: Context, file: str, *, apply: bool = False, server: str = "", stack: str = STACK) -> None:
    """Tell what a workbook would change, or with --apply, import it."""
    path = Path(file)
    with session(context, server, stack) as found:
        if not path.is_file():
            raise RefusedError(f"{file} is not there.")
        worker = [one for one in containers(found.host, "worker") if one.state == "running"]
        if not worker:
            raise RefusedError(f"{found.host.name}: the worker does not run; `fab status` says more.")
        told = found.host.act(
            "docker", "exec", "--interactive", worker[0].id, "sh", "-c", _RECEIVE, "sh", path.name,
            *(["--apply"] if apply else []), stdin=path.read_bytes(), check=False, seconds=_SECONDS,
        )  # fmt: skip
        found.console.print((told.out + told.err).strip(), markup=False)
        if not told.ok:
            raise RefusedError("Nothing was imported.")
