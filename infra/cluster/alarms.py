"""Alarms of the cluster by mail: on figures of CloudWatch, lines of logs, events of database and deployments."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from pulumi import ComponentResource, Input, Output, ResourceOptions
from pulumi_aws import cloudwatch, rds, sns

from infra.budget import rent_budget
from infra.cluster.sizes import ClusterCapacity
from infra.monitoring import Alarm
from infra.settings import InfraSettings
from infra.tags import tags_of

_MINUTE = 60
_GIGABYTE = 1_000_000_000
_BALANCER, _TASKS, _DATABASE, _CERTIFICATES = (
    "AWS/ApplicationELB", "AWS/ECS", "AWS/RDS", "AWS/CertificateManager",
)  # fmt: skip
_ABOVE, _BELOW = "GreaterThanThreshold", "LessThanThreshold"
_EVENTS_OF_THE_DATABASE = ["failover", "failure", "low storage", "maintenance"]
_EVENTS_OF_SERVICES = ["SERVICE_DEPLOYMENT_FAILED", "SERVICE_TASK_START_IMPAIRED", "SERVICE_TASK_PLACEMENT_FAILURE"]
# What the app logs as JSON, and what `invoices backup` prints of a backup that lacks nothing.
ERROR_LINES = '{ ($.level = "ERROR") || ($.level = "CRITICAL") }'
BACKUP_LINES = '"Backup " "is made."'
ERRORS, BACKUPS = "ErrorsLogged", "BackupsMade"


@dataclass(frozen=True, slots=True)
class WatchedCluster:
    """What alarms and the dashboard are about, by the names that CloudWatch has for it."""

    load_balancer: Input[str]  # the end of its ARN, as of its targets
    target_group: Input[str]
    certificate: Input[str]
    ecs_cluster: Input[str]
    app_service: Input[str]
    worker_service: Input[str]
    database: Input[str]
    log_group: Input[str]
    size: ClusterCapacity

    @property
    def of_balancer(self) -> dict[str, Input[str]]:
        return {"LoadBalancer": self.load_balancer}

    @property
    def of_targets(self) -> dict[str, Input[str]]:
        return {"TargetGroup": self.target_group, "LoadBalancer": self.load_balancer}

    @property
    def of_app(self) -> dict[str, Input[str]]:
        return {"ClusterName": self.ecs_cluster, "ServiceName": self.app_service}

    @property
    def of_worker(self) -> dict[str, Input[str]]:
        return {"ClusterName": self.ecs_cluster, "ServiceName": self.worker_service}

    @property
    def of_database(self) -> dict[str, Input[str]]:
        return {"DBInstanceIdentifier": self.database}


class ClusterAlarms(ComponentResource):
    def __init__(self, name: str, settings: InfraSettings, watched: WatchedCluster, opts: ResourceOptions) -> None:
        super().__init__("invoices:infra:ClusterAlarms", name, opts=opts)
        self._settings, self._watched = settings, watched
        self._own = ResourceOptions(parent=self)
        self._name = f"{settings.server_name}-cluster"
        self._tags = tags_of(settings.server_name)
        topic = self._topic()
        self.topic = topic.arn
        self._filters()
        alarms = [
            self._alarm(alarm, dimensions)
            for alarm, dimensions in alarms_of(watched, settings.server_name)
            if settings.backups or alarm.metric != BACKUPS
        ]
        self.arns = [alarm.arn for alarm in alarms]
        self._database_events()
        self._service_events()
        if not settings.has_server:  # else the server's monitoring has the budget, which counts both
            rent_budget(settings, self._own)
        self.register_outputs({"topic": self.topic})

    def _topic(self) -> sns.Topic:
        topic = sns.Topic("cluster-alarms", name=f"{self._name}-alarms", tags=self._tags, opts=self._own)
        sns.TopicSubscription(
            "cluster-alarms-mail", topic=topic.arn, protocol="email", endpoint=self._settings.alert_email,
            opts=self._own,
        )  # fmt: skip
        sns.TopicPolicy("cluster-alarms", arn=topic.arn, policy=topic.arn.apply(_topic_policy), opts=self._own)
        return topic

    def _filters(self) -> None:
        for metric, pattern in ((ERRORS, ERROR_LINES), (BACKUPS, BACKUP_LINES)):
            cloudwatch.LogMetricFilter(
                f"cluster-{metric}",
                name=f"{self._name}-{metric}",
                log_group_name=self._watched.log_group,
                pattern=pattern,
                metric_transformation={
                    "name": metric,
                    "namespace": namespace_of(self._settings.server_name),
                    "value": "1",
                    "default_value": "0",
                },
                opts=self._own,
            )

    def _alarm(self, alarm: Alarm, dimensions: Mapping[str, Input[str]]) -> cloudwatch.MetricAlarm:
        is_percentile = alarm.statistic.startswith("p")
        return cloudwatch.MetricAlarm(
            f"cluster-{alarm.name}",
            name=f"{self._name}-{alarm.name}",
            alarm_description=alarm.says,
            namespace=alarm.namespace,
            dimensions=dimensions,
            metric_name=alarm.metric,
            comparison_operator=alarm.comparison,
            threshold=alarm.threshold,
            statistic=None if is_percentile else alarm.statistic,
            extended_statistic=alarm.statistic if is_percentile else None,
            period=alarm.minutes * _MINUTE,
            evaluation_periods=alarm.times,
            treat_missing_data=alarm.when_silent,
            alarm_actions=[self.topic],
            ok_actions=[self.topic],
            tags=self._tags,
            opts=self._own,
        )

    def _database_events(self) -> None:
        rds.EventSubscription(
            "cluster-database",
            name=f"{self._name}-database",
            sns_topic=self.topic,
            source_type="db-instance",
            source_ids=[self._watched.database],
            event_categories=_EVENTS_OF_THE_DATABASE,
            tags=self._tags,
            opts=self._own,
        )

    def _service_events(self) -> None:
        rule = cloudwatch.EventRule(
            "cluster-services",
            name=f"{self._name}-services",
            description="A deployment was rolled back, or tasks do not start.",
            event_pattern=Output.from_input(self._watched.ecs_cluster).apply(_service_pattern),
            tags=self._tags,
            opts=self._own,
        )
        cloudwatch.EventTarget(
            "cluster-services",
            rule=rule.name,
            arn=self.topic,
            input_transformer={
                "input_paths": {
                    "service": "$.resources[0]", "event": "$.detail.eventName", "reason": "$.detail.reason",
                },
                "input_template": '"<event> of <service>. <reason> See what `fab status` says."',
            },
            opts=self._own,
        )  # fmt: skip


def namespace_of(name: str) -> str:
    """Name the metrics of this stack's logs apart from those of others: a filter gives them no dimension."""
    return f"Invoices/{name}"


def alarms_of(watched: WatchedCluster, name: str) -> Iterator[tuple[Alarm, dict[str, Input[str]]]]:
    """Yield each alarm with the dimensions of its metric."""
    size = watched.size
    for alarm in _balancer_alarms(size):
        yield replace(alarm, namespace=_BALANCER), watched.of_targets
    yield _REFUSED, watched.of_balancer
    yield _worker_alarm(size), watched.of_worker
    for alarm in _database_alarms(size):
        yield replace(alarm, namespace=_DATABASE), watched.of_database
    for alarm in _LOG_ALARMS:
        yield replace(alarm, namespace=namespace_of(name)), {}
    yield _CERTIFICATE, {"CertificateArn": watched.certificate}


_REFUSED = Alarm(
    "balancer-errors", "The balancer itself answered more than five requests in five minutes with an error.",
    "HTTPCode_ELB_5XX_Count", _ABOVE, 5, statistic="Sum", when_silent="notBreaching", namespace=_BALANCER,
)  # fmt: skip
_LOG_ALARMS = (
    Alarm(
        "errors", "More than five errors were logged in five minutes.",
        ERRORS, _ABOVE, 5, statistic="Sum", when_silent="notBreaching",
    ),
    Alarm("backup", "No backup was made for two hours.", BACKUPS, _BELOW, 1, minutes=60, times=2, statistic="Sum"),
)  # fmt: skip
# ACM renews 60 days before the end, and cannot where the record that proves the domain is gone.
_CERTIFICATE = Alarm(
    "certificate", "The certificate ends in less than 30 days and was not renewed.", "DaysToExpiry", _BELOW, 30,
    minutes=24 * 60, statistic="Minimum", when_silent="notBreaching", namespace=_CERTIFICATES,
)  # fmt: skip


def _balancer_alarms(size: ClusterCapacity) -> tuple[Alarm, ...]:
    wanted = size.app_tasks
    return (
        Alarm(
            "server-errors", "More than five requests in five minutes failed in the app.",
            "HTTPCode_Target_5XX_Count", _ABOVE, 5, statistic="Sum", when_silent="notBreaching",
        ),
        Alarm(
            "slow", "One request of twenty takes more than two seconds, for a quarter of an hour.",
            "TargetResponseTime", _ABOVE, 2, times=3, statistic="p95", when_silent="notBreaching",
        ),
        Alarm(
            "unhealthy", "A task of the app has not answered the balancer for five minutes.",
            "UnHealthyHostCount", _ABOVE, 0, minutes=1, times=5, when_silent="notBreaching",
        ),
        # No target at all sends no figure, which is why silence is an alarm.
        Alarm(
            "down", "No task of the app answers: the site is down.",
            "HealthyHostCount", _BELOW, 1, minutes=1, times=2, statistic="Minimum",
        ),
        Alarm(
            "too-few-tasks", f"Fewer than {wanted} tasks of the app have answered for a quarter of an hour.",
            "HealthyHostCount", _BELOW, wanted, minutes=1, times=15, statistic="Minimum",
        ),
    )  # fmt: skip


def _worker_alarm(size: ClusterCapacity) -> Alarm:
    """Count tasks by the samples of their CPU, one a minute each: a figure of its own costs Container Insights."""
    wanted = size.worker_tasks
    return Alarm(
        "worker", f"Fewer than {wanted} tasks of the worker have run for ten minutes.",
        "CPUUtilization", _BELOW, wanted, minutes=1, times=10, statistic="SampleCount", namespace=_TASKS,
    )  # fmt: skip


def _database_alarms(size: ClusterCapacity) -> tuple[Alarm, ...]:
    least = size.database_gigabytes * _GIGABYTE * 15 // 100
    return (
        Alarm("database-storage", "Less than 15 % of the database's first storage is free.",
              "FreeStorageSpace", _BELOW, least, statistic="Minimum"),
        Alarm("database-cpu", "The database has used more than 80 % of its processors for a quarter of an hour.",
              "CPUUtilization", _ABOVE, 80, times=3, statistic="Average"),
        # The roles may have 155 together: stack/database/database-setup.sh.
        Alarm("database-connections", "The database has more than 120 connections.",
              "DatabaseConnections", _ABOVE, 120, times=2),
    )  # fmt: skip


def _topic_policy(arn: str) -> str:
    account = arn.split(":")[4]
    ours: dict[str, object] = {"Condition": {"StringEquals": {"aws:SourceAccount": account}}}
    # EventBridge cannot publish where its statement has a condition.
    publishers = {"cloudwatch": ours, "events.rds": ours, "events": dict[str, object]()}
    statements = [
        {
            "Sid": service.title().replace(".", ""),
            "Effect": "Allow",
            "Principal": {"Service": f"{service}.amazonaws.com"},
            "Action": "sns:Publish",
            "Resource": arn,
            **condition,
        }
        for service, condition in publishers.items()
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def _service_pattern(ecs_cluster: str) -> str:
    return json.dumps(
        {
            "source": ["aws.ecs"],
            "detail-type": ["ECS Deployment State Change", "ECS Service Action"],
            "resources": [{"wildcard": f"arn:*:service/{ecs_cluster}/*"}],
            "detail": {"eventName": _EVENTS_OF_SERVICES},
        }
    )
