"""`fab status` on a cluster: what serves, its services, what the balancer sees, the database, the last deploys."""

from collections import Counter
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from playbooks.cluster import database, history, lock, releases
from playbooks.steps import alarm_mails
from playbooks.steps.session import ClusterSession

_NEWEST = 5


def status(found: ClusterSession) -> None:
    settings, console = found.settings, found.console
    serving, kept = releases.current(found), releases.served(found)
    version = serving.version if serving else "nothing yet"
    console.print(f"https://{settings.domain} of {settings.name} serves {version}.")
    console.print(_services(found))
    console.print(f"Kept releases: {', '.join(one.version for one in kept) or 'none'}.")
    _print_targets(found)
    _print_database(found)
    for sentence in alarm_mails.unheard(settings):
        console.print(sentence, style="yellow", markup=False)
    if holder := lock.holder(found):
        console.print(f"{holder}.", style="yellow", markup=False)
    for line in history.newest(found, _NEWEST):
        console.print(f"  {line}", style="dim", markup=False)


def _services(found: ClusterSession) -> Table:
    table = Table("Service", "Tasks", "Wanted", "Deployment", "", box=SIMPLE_HEAD)
    for name in (found.settings.app_service, found.settings.worker_service):
        one = releases.service(found, name)
        primary: dict[str, Any] = next((each for each in one["deployments"] if each["status"] == "PRIMARY"), {})
        running, wanted = one["runningCount"], one["desiredCount"]
        shown = f"{running}" if running >= wanted else f"[red]{running}[/]"
        table.add_row(name, shown, str(wanted), primary.get("rolloutState", "").lower(), _failures(primary))
    return table


def _failures(deployment: dict[str, Any]) -> str:
    count = deployment.get("failedTasks", 0)
    return f"[red]{count} tasks failed: `fab logs --errors`[/]" if count else ""


def _print_targets(found: ClusterSession) -> None:
    elbv2 = found.aws.client("elbv2")
    seen = elbv2.describe_target_health(TargetGroupArn=found.settings.target_group_arn)["TargetHealthDescriptions"]
    states = Counter(str(one["TargetHealth"]["State"]) for one in seen)
    line = ", ".join(f"{count} {state}" for state, count in sorted(states.items())) or "none"
    is_well = states["healthy"] >= found.settings.size.app_tasks
    found.console.print(f"Targets of the balancer: {line}.", style=None if is_well else "red")


def _print_database(found: ClusterSession) -> None:
    one = database.described(found)
    zones = "in two zones" if one["MultiAZ"] else "in one zone only"
    line = f"Database {one['DBInstanceIdentifier']}: {one['DBInstanceStatus']}, {one['DBInstanceClass']}, {zones}"
    newest = one.get("LatestRestorableTime")
    until = f", can be restored until {newest:%Y-%m-%d %H:%M:%S} UTC" if newest else ""
    is_well = one["DBInstanceStatus"] == "available" and one["MultiAZ"]
    found.console.print(f"{line}{until}.", style=None if is_well else "red")
