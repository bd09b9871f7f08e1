"""`fab status`: the current release, its containers, what the server reported of itself, and the last deploys."""

from rich.box import SIMPLE_HEAD
from rich.table import Table

from playbooks.shapes.shape import Shape
from playbooks.shapes.tasks import shape_task
from playbooks.steps import alarm_mails, automation, deploy_log, lock, refreshes, release, self_reports
from playbooks.steps.session import Session
from playbooks.steps.stack import containers, health
from playbooks.steps.switching import routed_to
from provisioning import encrypted_disk

_NEWEST = 5
_OLD_IMAGE_DAYS = 35
_OLD_LOCK_MINUTES = 60


@shape_task(Shape.status)
def status(found: Session) -> None:
    """Show the current release, its containers and the state of the server."""
    host, console = found.host, found.console
    if encrypted_disk.state(host).is_locked:
        console.print(f"{host.name}: its encrypted disk is locked, and nothing serves: run `fab unlock`.", style="red")
        return
    console.print(f"https://{found.settings.domain} at {host.name} serves {release.current(host) or 'nothing yet'}.")
    console.print(_containers(found))
    console.print(f"Kept releases: {', '.join(release.kept(host)) or 'none'}.")
    if refresh := refreshes.newest(host):
        console.print(f"Images were refreshed at {refresh.moment}; those before are kept for `fab rollback`.")
    console.print(_figures(found))
    for told in (*self_reports.newest(host), self_reports.timers(host)):
        console.print(told.line, style=None if told.is_well else "red", markup=False)
    for sentence in automation.problems(host, is_wanted=found.settings.automation):
        console.print(sentence, style="red", markup=False)
    for sentence in alarm_mails.unheard(found.settings):
        console.print(sentence, style="yellow", markup=False)
    if holder := lock.holder(host):
        console.print(f"{holder}.", style=_style_of_lock(found), markup=False)
    for line in deploy_log.newest(host)[-_NEWEST:]:
        console.print(f"  {line}", style="dim", markup=False)


def _containers(found: Session) -> Table:
    host = found.host
    serving = routed_to(host)
    days = self_reports.image_days(host)
    table = Table("Container", "Image", "Age", "State", "Health", "Restarts", box=SIMPLE_HEAD)
    for one in sorted(containers(host), key=lambda one: one.name):
        state = health(host, one)
        name = f"{one.name} ← proxy" if one.name == serving else one.name
        table.add_row(name, one.image, _age(days.get(one.image)), one.state, state.status, str(state.restarts))
    return table


def _age(days: int | None) -> str:
    if days is None:
        return ""
    return f"[red]{days} days, `fab deploy --refresh`[/]" if days > _OLD_IMAGE_DAYS else f"{days} days"


def _style_of_lock(found: Session) -> str:
    """Redden one that was left behind: no deploy takes an hour."""
    is_old = found.host.run("find", lock.FOLDER, "-maxdepth", "0", "-mmin", f"+{_OLD_LOCK_MINUTES}", check=False).out
    return "red" if is_old.strip() else "yellow"


def _figures(found: Session) -> str:
    host = found.host
    disk = host.run("df", "--output=pcent", "/").out.split()[-1]
    load = host.run("cat", "/proc/loadavg").out.split()[0]
    memory = dict(line.split(":", 1) for line in host.run("cat", "/proc/meminfo").out.splitlines() if ":" in line)
    free = int(memory["MemAvailable"].split()[0]) // 1024
    updates = host.run("sh", "-c", "apt-get -s -o Debug::NoLocking=true upgrade | grep -c '^Inst' || true").out.strip()
    restart = "; a reboot is due" if host.run("test", "-e", "/run/reboot-required", check=False).ok else ""
    return f"Disk {disk} used, {free} MB of memory free, load {load}, {updates} updates to come{restart}."
