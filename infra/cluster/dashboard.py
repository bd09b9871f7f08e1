"""A dashboard of CloudWatch: does the cluster serve, how fast, what fails, how full is it."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pulumi import ComponentResource, Input, Output, ResourceOptions
from pulumi_aws import cloudwatch

from infra.cluster.alarms import BACKUPS, ERRORS, WatchedCluster, namespace_of
from infra.settings import InfraSettings

_COLUMNS = 24  # what CloudWatch divides a dashboard into
_WIDTH, _HEIGHT = 8, 6
_BALANCER, _TASKS, _DATABASE = "AWS/ApplicationELB", "AWS/ECS", "AWS/RDS"
_ERROR_QUERY = (
    "fields @timestamp, level, logger, message, request_id"
    " | filter level in ['ERROR', 'CRITICAL'] | sort @timestamp desc | limit 50"
)
_HEADING = (
    "**{name}** — does it serve, how fast, what fails, how full is it? What to do about an alarm: "
    "docs/operations.md, *Alarms of a cluster*."
)
Metric = list[Any]  # namespace, name, dimension and value by turns, and how it is drawn


class ClusterDashboard(ComponentResource):
    def __init__(
        self,
        name: str,
        settings: InfraSettings,
        watched: WatchedCluster,
        alarms: Sequence[Input[str]],
        opts: ResourceOptions,
    ) -> None:
        super().__init__("invoices:infra:ClusterDashboard", name, opts=opts)
        known: Mapping[str, Input[str]] = {
            "load_balancer": watched.load_balancer,
            "target_group": watched.target_group,
            "ecs_cluster": watched.ecs_cluster,
            "app": watched.app_service,
            "worker": watched.worker_service,
            "database": watched.database,
            "log_group": watched.log_group,
        }
        body = Output.all(Output.all(**known), Output.all(*alarms)).apply(
            lambda found: dashboard_body(settings, found[0], found[1])
        )
        dashboard = cloudwatch.Dashboard(
            "cluster",
            dashboard_name=f"{settings.server_name}-cluster",
            dashboard_body=body,
            opts=ResourceOptions(parent=self),
        )
        self.name = dashboard.dashboard_name
        self.register_outputs({"name": self.name})


def dashboard_body(settings: InfraSettings, known: Mapping[str, str], alarms: Sequence[str]) -> str:
    """Return what CloudWatch takes as JSON: a heading, the alarms, and three figures in a row."""
    name, region = settings.server_name, settings.region
    wanted = [*_figures(name, known), *([_backups(name)] if settings.backups else [])]
    figures = [_figure(region, title, metrics, limit) for title, metrics, limit in wanted]
    widgets = [
        {"type": "text", "properties": {"markdown": _HEADING.format(name=name)}, "width": _COLUMNS, "height": 2},
        *([_alarms(alarms)] if alarms else []),
        *figures,
        _errors(region, known["log_group"]),
    ]
    return json.dumps({"start": "-PT6H", "periodOverride": "inherit", "widgets": _placed(widgets)})


def _figures(name: str, known: Mapping[str, str]) -> list[tuple[str, list[Metric], float | None]]:
    balancer = ["LoadBalancer", known["load_balancer"]]
    targets = ["TargetGroup", known["target_group"], *balancer]
    app, worker = (["ClusterName", known["ecs_cluster"], "ServiceName", known[one]] for one in ("app", "worker"))
    database = ["DBInstanceIdentifier", known["database"]]
    own = namespace_of(name)
    return [
        (
            "Does it serve? Tasks that answer",
            [
                [_BALANCER, "HealthyHostCount", *targets, _drawn("app", "Minimum")],
                [_BALANCER, "UnHealthyHostCount", *targets, _drawn("app, not answering", "Maximum")],
                [_TASKS, "CPUUtilization", *worker, _drawn("worker", "SampleCount")],
            ],
            None,
        ),
        (
            "How fast? Seconds of a request",
            [
                [_BALANCER, "TargetResponseTime", *targets, _drawn(f"{percentile}", percentile)]
                for percentile in ("p50", "p95", "p99")
            ],
            2,
        ),
        (
            "What fails? Requests a minute",
            [
                [_BALANCER, "RequestCount", *targets, _drawn("all", "Sum")],
                [_BALANCER, "HTTPCode_Target_5XX_Count", *targets, _drawn("errors of the app", "Sum")],
                [_BALANCER, "HTTPCode_ELB_5XX_Count", *balancer, _drawn("errors of the balancer", "Sum")],
                [own, ERRORS, _drawn("errors logged", "Sum")],
            ],
            None,
        ),
        (
            "How full are the tasks? Percent",
            [
                [_TASKS, metric, *service, _drawn(f"{what}, {who}", "Maximum")]
                for what, metric in (("processor", "CPUUtilization"), ("memory", "MemoryUtilization"))
                for who, service in (("app", app), ("worker", worker))
            ],
            None,
        ),
        (
            "How full is the database? Processor in percent, connections",
            [
                [_DATABASE, "CPUUtilization", *database, _drawn("processor", "Average")],
                [_DATABASE, "DatabaseConnections", *database, {**_drawn("connections", "Maximum"), "yAxis": "right"}],
            ],
            80,
        ),
        (
            "Room of the database: bytes of storage and memory that are free",
            [
                [_DATABASE, "FreeStorageSpace", *database, _drawn("storage", "Minimum")],
                [_DATABASE, "FreeableMemory", *database, {**_drawn("memory", "Minimum"), "yAxis": "right"}],
            ],
            None,
        ),
        (
            "How fast is the database? Seconds of a read and of a write",
            [
                [_DATABASE, "ReadLatency", *database, _drawn("read", "p95")],
                [_DATABASE, "WriteLatency", *database, _drawn("write", "p95")],
            ],
            None,
        ),
    ]


def _backups(name: str) -> tuple[str, list[Metric], float]:
    return "Backups an hour", [[namespace_of(name), BACKUPS, {**_drawn("made", "Sum"), "period": 3600}]], 1


def _drawn(label: str, statistic: str) -> dict[str, Any]:
    return {"label": label, "stat": statistic}


def _figure(region: str, title: str, metrics: list[Metric], limit: float | None) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "title": title,
        "region": region,
        "view": "timeSeries",
        "stacked": False,
        "period": 60,
        "metrics": metrics,
        "yAxis": {"left": {"min": 0}},
    }
    if limit is not None:
        properties["annotations"] = {"horizontal": [{"label": "an alarm comes", "value": limit}]}
    return {"type": "metric", "properties": properties, "width": _WIDTH, "height": _HEIGHT}


def _alarms(arns: Sequence[str]) -> dict[str, Any]:
    return {
        "type": "alarm",
        "properties": {"title": "Alarms", "alarms": list(arns)},
        "width": _COLUMNS,
        "height": 4,
    }


def _errors(region: str, log_group: str) -> dict[str, Any]:
    return {
        "type": "log",
        "properties": {
            "title": "What was logged as an error",
            "region": region,
            "query": f"SOURCE '{log_group}' | {_ERROR_QUERY}",
            "view": "table",
        },
        "width": 16,
        "height": _HEIGHT,
    }


def _placed(widgets: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Set each beside the one before, or below where the row has no room left."""
    placed: list[dict[str, Any]] = []
    x = y = row_height = 0
    for widget in widgets:
        if x + widget["width"] > _COLUMNS:
            x, y, row_height = 0, y + row_height, 0
        placed.append({**widget, "x": x, "y": y})
        x, row_height = x + widget["width"], max(row_height, widget["height"])
    return placed
