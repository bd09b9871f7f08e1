"""The monthly cost of a cluster, by item: how much of what `prices.toml` has it takes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from infra.cluster.sizes import ONCE, SIZES, ClusterCapacity, Task
from infra.prices import UNITS, Price
from infra.settings import ClusterSize, InfraSettings

ZONES = 2
ALARMS = 13
_FREE_ALARMS = 10
_SECRETS = 2  # that of the app, and that of the database's master user
_SERVICES, _FIGURES_OF_A_SERVICE, _FIGURES_OF_A_TASK = 2, 30, 25  # estimates
_MINUTES_OF_A_BACKUP = 3
FIREWALL_RULES = 4
_UNITS_OF_PROCESSOR, _UNITS_OF_MEMORY = 1024, 1024
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class _Usage:
    """What a month takes beside the hours: estimates, the first from pages of 100 KB for the users of a size."""

    balancer_units: Decimal
    log_gigabytes: int
    image_gigabytes: int
    file_gigabytes: int
    million_requests: int


_USAGE: Mapping[ClusterSize, _Usage] = {
    "small": _Usage(Decimal("0.25"), 1, 3, 5, 1),
    "medium": _Usage(Decimal("0.45"), 3, 3, 20, 3),
    "large": _Usage(Decimal("0.95"), 15, 3, 100, 10),
}


def monthly(settings: InfraSettings) -> list[Price]:
    size, usage = SIZES[settings.cluster_size], _USAGE[settings.cluster_size]
    return [Price(what, dollars.quantize(_CENT)) for what, dollars in _items(settings, size, usage)]


def _items(settings: InfraSettings, size: ClusterCapacity, usage: _Usage) -> Iterator[tuple[str, Decimal]]:
    yield "Load balancer in two zones", UNITS["load_balancer"] + usage.balancer_units * UNITS["load_balancer_capacity"]
    yield f"App, {_said(size.app_tasks, size.app)}", size.app_tasks * _dollars_of(size.app)
    yield f"Worker, {_said(size.worker_tasks, size.worker)}", size.worker_tasks * _dollars_of(size.worker)
    if settings.backups:
        yield (
            f"Hourly backup, a task for {_MINUTES_OF_A_BACKUP} minutes",
            _dollars_of(ONCE) * _MINUTES_OF_A_BACKUP / 60,
        )
    yield (
        f"Database {size.database_class} in two zones, {size.database_gigabytes} GB",
        UNITS[size.database_class] + size.database_gigabytes * UNITS["database_gigabyte"],
    )
    addresses = size.app_tasks + size.worker_tasks + ZONES
    yield f"Public addresses, {addresses}", addresses * UNITS["address"]
    yield "Secrets Manager, the cluster's", _SECRETS * UNITS["secret"]
    if settings.monitoring != "off":
        alarms = ALARMS if settings.backups else ALARMS - 1
        yield "Alarms and dashboard of the cluster", (alarms - _FREE_ALARMS) * UNITS["alarm"]
    if settings.monitoring == "detailed":
        figures = _SERVICES * _FIGURES_OF_A_SERVICE + (size.app_tasks + size.worker_tasks) * _FIGURES_OF_A_TASK
        yield f"Container Insights (detailed), about {figures} figures", figures * UNITS["container_figure"]
    yield f"Logs of the cluster, about {usage.log_gigabytes} GB", usage.log_gigabytes * UNITS["log_gigabyte"]
    yield "Images and files of the cluster", _stored(usage)
    if settings.cdn == "cloudfront":
        yield "CloudFront with its firewall (WAF), without a plan", _cdn(usage)


def _stored(usage: _Usage) -> Decimal:
    images = usage.image_gigabytes * UNITS["image_gigabyte"]
    return images + usage.file_gigabytes * UNITS["file_gigabyte"]


def _cdn(usage: _Usage) -> Decimal:
    """Count the firewall and the secret: a terabyte and ten million requests of CloudFront itself are free."""
    rules = FIREWALL_RULES * UNITS["firewall_rule"]
    requests = usage.million_requests * UNITS["firewall_million"]
    return UNITS["firewall"] + rules + requests + UNITS["secret"]


def _dollars_of(task: Task) -> Decimal:
    processor = Decimal(task.cpu) / _UNITS_OF_PROCESSOR * UNITS["processor"]
    return processor + Decimal(task.memory) / _UNITS_OF_MEMORY * UNITS["memory_gigabyte"]


def _said(count: int, task: Task) -> str:
    tasks = "1 task" if count == 1 else f"{count} tasks"
    return f"{tasks} of {task.cpu / _UNITS_OF_PROCESSOR:g} vCPU and {task.memory // _UNITS_OF_MEMORY} GB"
