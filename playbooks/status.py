"""`fab status`: the current release, its containers, figures of the server, and the last lines of the deploy log."""

from rich.box import SIMPLE_HEAD
from rich.table import Table

from playbooks.steps import deploy_log, lock, release
from playbooks.steps.session import Session, server_task
from playbooks.steps.stack import containers, health
from playbooks.steps.switching import routed_to

_NEWEST = 5


@server_task()
def status(found: Session) -> None:
    """Show the current release, its containers and the state of the server."""
    host, console = found.host, found.console
    console.print(f"https://{found.settings.domain} at {host.name} serves {release.current(host) or 'nothing yet'}.")
    console.print(_containers(found))
    console.print(f"Kept releases: {', '.join(release.kept(host)) or 'none'}.")
    console.print(_figures(found))
    if holder := lock.holder(host):
        console.print(f"[yellow]{holder}.[/]")
    for line in deploy_log.newest(host)[-_NEWEST:]:
        console.print(f"  {line}", style="dim", markup=False)


def _containers(found: Session) -> Table:
    host = found.host
    serving = routed_to(host)
    table = Table("Container", "Image", "State", "Health", "Restarts", box=SIMPLE_HEAD)
    for one in sorted(containers(host), key=lambda one: one.name):
        state = health(host, one)
        name = f"{one.name} ← proxy" if one.name == serving else one.name
        table.add_row(name, one.image, one.state, state.status, str(state.restarts))
    return table


def _figures(found: Session) -> str:
    host = found.host
    disk = host.run("df", "--output=pcent", "/").out.split()[-1]
    load = host.run("cat", "/proc/loadavg").out.split()[0]
    memory = dict(line.split(":", 1) for line in host.run("cat", "/proc/meminfo").out.splitlines() if ":" in line)
    free = int(memory["MemAvailable"].split()[0]) // 1024
    updates = host.run("sh", "-c", "apt-get -s -o Debug::NoLocking=true upgrade | grep -c '^Inst' || true").out.strip()
    restart = "; a reboot is due" if host.run("test", "-e", "/run/reboot-required", check=False).ok else ""
    return f"Disk {disk} used, {free} MB of memory free, load {load}, {updates} updates to come{restart}."
