"""`fab logs`: the log lines of a service."""

from collections.abc import Sequence

from playbooks.shapes.shape import Shape
from playbooks.shapes.tasks import shape_task
from playbooks.steps.log_query import ERRORS, LogQuery
from playbooks.steps.session import RefusedError, Session
from playbooks.steps.stack import Container, containers

# Runs on the server, so that only matching lines are transferred. Docker and the kept logs begin each line with a UTC
# timestamp of fixed length, so sorting as text sorts by time. What containers printed is kept in files of their service
# every five minutes, and stays for months; a line that both have is told once.
_SEARCH = r"""
export LC_ALL=C
service=$1 wanted=$2 seconds=$3 errors=$4 lines=$5
shift 5
since=
if [ "$seconds" -gt 0 ]; then since=$(date -u -d "-$seconds seconds" +%Y-%m-%dT%H:%M:%S); fi
those() { grep -a -F -e "$wanted" | if [ -n "$errors" ]; then grep -a -E -e "$errors"; else cat; fi; }
named() { sed "s|^|$1 |"; }
{
  for kept in /var/log/invoices/"$service".*log.gz; do
    if [ -e "$kept" ]; then zcat "$kept" | those; fi
  done
  if [ -e /var/log/invoices/"$service".log ]; then those < /var/log/invoices/"$service".log; fi
  for name in "$@"; do docker logs --timestamps "$name" 2>&1 | those | named "$name"; done
} | awk -v since="$since" '$2 >= since' | sort -s -k 2 |
  awk '{ printed = substr($0, length($1) + 2) } printed != last; { last = printed }' | tail -n "$lines"
"""
_SEARCH_SECONDS = 300


@shape_task(
    Shape.logs,
    service="app, worker, proxy, db or another service.",
    lines="How many.",
    since="Only lines of the last 30m, 2h or 3d, of all that was kept.",
    grep="Only lines that hold this, of all that was kept.",
    errors="Only what went wrong, of all that was kept.",
)
def logs(
    found: Session, *, service: str = "app", lines: int = 100, since: str = "", grep: str = "", errors: bool = False
) -> None:
    """Print the newest lines of a service."""
    query = LogQuery(service, lines, since, grep, errors)
    seconds = query.seconds
    ours = containers(found.host, service)
    if not ours:
        names = sorted({one.name for one in containers(found.host)})
        raise RefusedError(f"{found.host.name}: there is no container of '{service}'; there are {', '.join(names)}.")
    if seconds or grep or errors:
        search = (service, grep, str(seconds), ERRORS if errors else "", str(lines), *(one.name for one in ours))
        printed = found.host.run("sh", "-c", _SEARCH, "sh", *search, seconds=_SEARCH_SECONDS).out.splitlines()
        shown = printed or [f"{found.host.name}: {query.nothing_found()}"]
    else:
        shown = _newest(found, ours, lines)
    for line in shown:
        found.console.print(line, markup=False)


def _newest(found: Session, ours: Sequence[Container], lines: int) -> list[str]:
    newest = []
    for one in ours:
        printed = found.host.run("docker", "logs", "--timestamps", "--tail", str(lines), one.id)
        newest += [f"{one.name} {line}" for line in (printed.out + printed.err).splitlines()]
    return newest
