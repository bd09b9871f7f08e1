"""`fab logs`: the log lines of a service."""

from collections.abc import Sequence

from playbooks.steps.session import RefusedError, Session, server_task
from playbooks.steps.stack import Container, containers

# Runs on the server, so that only matching lines are transferred. Docker and the kept logs begin each line with a UTC
# timestamp of fixed length, so sorting as text sorts by time. Logs of replaced containers are kept in files, for the
# app only.
_SEARCH = """
service=$1 wanted=$2 lines=$3
shift 3
those() { grep -a -F -e "$wanted" | sed "s|^|$1 |"; }
{
  for kept in /var/log/invoices/"$service"-*.log.gz; do
    if [ -e "$kept" ]; then zcat "$kept" | those "$(basename "$kept" .log.gz)"; fi
  done
  for name in "$@"; do docker logs --timestamps "$name" 2>&1 | those "$name"; done
} | sort -s -k 2,2 | tail -n "$lines"
"""
_SEARCH_SECONDS = 300


@server_task(
    service="app, worker, proxy, db or another service.",
    lines="How many.",
    grep="Only lines that hold this, of all that was kept.",
)
def logs(found: Session, *, service: str = "app", lines: int = 100, grep: str = "") -> None:
    """Print the newest lines of a service."""
    ours = containers(found.host, service)
    if not ours:
        names = sorted({one.name for one in containers(found.host)})
        raise RefusedError(f"{found.host.name}: there is no container of '{service}'; there are {', '.join(names)}.")
    for line in _lines_with(found, service, ours, grep, lines) if grep else _newest(found, ours, lines):
        found.console.print(line, markup=False)


def _newest(found: Session, ours: Sequence[Container], lines: int) -> list[str]:
    newest = []
    for one in ours:
        printed = found.host.run("docker", "logs", "--timestamps", "--tail", str(lines), one.id)
        newest += [f"{one.name} {line}" for line in (printed.out + printed.err).splitlines()]
    return newest


def _lines_with(found: Session, service: str, ours: Sequence[Container], wanted: str, lines: int) -> list[str]:
    """Return the newest lines with the text, also of removed containers, or one line that there are none."""
    names = [one.name for one in ours]
    search = ("sh", "-c", _SEARCH, "sh", service, wanted, str(lines), *names)
    matching = found.host.run(*search, seconds=_SEARCH_SECONDS).out.splitlines()
    return matching or [f"{found.host.name}: no line that {service} printed, and that is kept, holds '{wanted}'."]
