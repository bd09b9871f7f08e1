"""Timers by which the server watches itself: figures for the alarms, a report of itself, its logs and its chores."""

import json

from provisioning.change import Change
from provisioning.ensure import directory, file, packages, unit, unit_file
from provisioning.host import Host
from provisioning.settings import HostSettings

FOLDER = "/usr/local/lib/invoices"
SCRIPTS = (
    "machine",
    "reports",
    "app_metrics",
    "site_certificate",
    "disk_forecast",
    "figures",
    "server",
    "keep_logs",
    "kept_lines",
    "slow_requests",
    "maintain",
    "aws_key",
    "ship_logs",
)
LOG_GROUP = "/etc/invoices/logs.json"
COSTS = "/etc/invoices/costs.json"
_NAMES = ("invoices-figures", "invoices-server", "invoices-logs")
_CHORES = ("daily", "weekly", "monthly")
# An older Python would otherwise only say at the next full minute that it cannot read the script.
_CAN_BE_READ = ("python3", "-B", "-c", "import ast, sys; ast.parse(open(sys.argv[1]).read())", "{}")


def ensure(host: Host, settings: HostSettings) -> list[Change]:
    return [
        packages(host, ("openssl", "python3", "python3-boto3"), what="packages that watching takes"),
        directory(host, FOLDER, "0755"),
        *(script(host, name) for name in SCRIPTS),
        file(host, LOG_GROUP, json.dumps({"log_group": settings.log_group}) + "\n"),
        file(host, COSTS, json.dumps(dict(settings.monthly_cost), indent=1) + "\n"),
        *(unit_file(host, f"{name}.{kind}") for name in _NAMES for kind in ("service", "timer")),
        unit_file(host, "invoices-maintain@.service"),
        *(unit_file(host, f"invoices-maintain-{period}.timer") for period in _CHORES),
        *(unit(host, f"{name}.timer") for name in (*_NAMES, *(f"invoices-maintain-{period}" for period in _CHORES))),
    ]


def script(host: Host, name: str) -> Change:
    return file(host, f"{FOLDER}/{name}.py", valid=_CAN_BE_READ)
