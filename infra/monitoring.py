"""Monitoring: alarms on the server's metrics, a health check from outside, and a budget, all by mail."""

from collections.abc import Mapping
from dataclasses import dataclass

from pulumi import ComponentResource, Input, ResourceOptions
from pulumi_aws import cloudwatch, iam, route53, sns

from infra.budget import rent_budget
from infra.iam_policies import allow, policy
from infra.settings import InfraSettings, Monitoring
from infra.tags import tags_of

NAMESPACE = "Invoices"
_OUTSIDE_REGION = "us-east-1"  # where Route 53 stores the metrics of its checks
_MINUTE = 60


@dataclass(frozen=True, slots=True)
class Alarm:
    """When a mail is sent: if the metric's statistic passes the threshold `times` times in a row, `minutes` each.

    `when_silent` is how a missing metric counts, by default as an alarm: a server that sends nothing has a problem.
    """

    name: str
    says: str
    metric: str
    comparison: str
    threshold: float
    minutes: int = 5
    times: int = 1
    statistic: str = "Maximum"
    when_silent: str = "breaching"
    namespace: str = NAMESPACE
    region: str | None = None


_ABOVE, _BELOW = "GreaterThanThreshold", "LessThanThreshold"
BASIC = (
    Alarm("heartbeat", "The server has said nothing for five minutes.", "Heartbeat", _BELOW, 1, statistic="Sum"),
    Alarm("disk", "More than 80 % of the disk is used.", "DiskUsedPercent", _ABOVE, 80),
    # Three times: building a version or reading a large workbook takes much of it for some minutes.
    Alarm(
        "memory", "Less than 10 % of the memory is free for a quarter of an hour.",
        "MemoryAvailablePercent", _BELOW, 10, times=3, statistic="Minimum",
    ),
    Alarm("backup", "The newest verified backup is older than 26 hours.", "VerifiedBackupAgeHours", _ABOVE, 26, 60),
)  # fmt: skip
DETAILED = (
    Alarm("inodes", "More than 80 % of the inodes are used.", "InodesUsedPercent", _ABOVE, 80),
    Alarm("archive", "Changes have not been archived for five minutes.", "UnarchivedWalSeconds", _ABOVE, 300),
    Alarm(
        "certificate", "The certificate has less than a quarter of its life left.",
        "CertificateLifePercent", _BELOW, 25, 60, statistic="Minimum",
    ),
    Alarm(
        "errors", "More than five requests in five minutes failed.",
        "ServerErrors", _ABOVE, 5, statistic="Sum", when_silent="notBreaching",
    ),
    Alarm("units", "A service of the machine has failed.", "FailedUnits", _ABOVE, 0, times=2),
)  # fmt: skip
ALARMS: Mapping[Monitoring, tuple[Alarm, ...]] = {"off": (), "basic": BASIC, "detailed": BASIC + DETAILED}


class MonitoringAlarms(ComponentResource):
    def __init__(self, name: str, settings: InfraSettings, user: iam.User) -> None:
        super().__init__("invoices:infra:Monitoring", name)
        self._settings = settings
        self._own = ResourceOptions(parent=self)
        topic = self._topic("alarms")
        self.topic = topic.arn
        for alarm in ALARMS[settings.monitoring]:
            self._alarm(alarm, topic, {"Server": settings.server_name})
        iam.UserPolicy("figures", user=user.name, policy=_metrics_policy(), opts=self._own)
        if settings.monitoring == "detailed":
            self._outside_check(topic)
        rent_budget(settings, self._own)
        self.register_outputs({"topic": self.topic})

    def _topic(self, name: str, region: str | None = None) -> sns.Topic:
        server = self._settings.server_name
        topic = sns.Topic(name, name=self._own_name(name, region), region=region, tags=tags_of(server), opts=self._own)
        sns.TopicSubscription(
            f"{name}-mail", topic=topic.arn, protocol="email", endpoint=self._settings.alert_email, region=region,
            opts=self._own,
        )  # fmt: skip
        return topic

    def _alarm(self, alarm: Alarm, topic: sns.Topic, dimensions: Mapping[str, Input[str]]) -> None:
        server = self._settings.server_name
        cloudwatch.MetricAlarm(
            alarm.name,
            name=self._own_name(alarm.name, alarm.region),
            alarm_description=alarm.says,
            namespace=alarm.namespace,
            dimensions=dimensions,
            metric_name=alarm.metric,
            comparison_operator=alarm.comparison,
            threshold=alarm.threshold,
            statistic=alarm.statistic,
            period=alarm.minutes * _MINUTE,
            evaluation_periods=alarm.times,
            treat_missing_data=alarm.when_silent,
            alarm_actions=[topic.arn],
            ok_actions=[topic.arn],
            region=alarm.region,
            tags=tags_of(server),
            opts=self._own,
        )

    def _own_name(self, name: str, region: str | None) -> str:
        """Name the region of the stack where it is in another: two stacks of one name may be watched from there."""
        return f"{self._settings.server_name}-{name}" + (f"-{self._settings.region}" if region else "")

    def _outside_check(self, topic: sns.Topic) -> None:
        server, domain = self._settings.server_name, self._settings.domain
        check = route53.HealthCheck(
            "outside",
            type="HTTPS_STR_MATCH",
            fqdn=domain,
            port=443,
            enable_sni=True,  # not the default of this type, and the proxy knows no site without a name
            resource_path="/health",
            search_string='"ok"',
            request_interval=30,
            failure_threshold=3,
            tags={**tags_of(server), "Name": f"{server}-outside"},
            opts=self._own,
        )
        alarm = Alarm(
            "outside", f"https://{domain}/health does not answer from outside.", "HealthCheckStatus", _BELOW, 1,
            minutes=1, times=3, statistic="Minimum", namespace="AWS/Route53", region=_OUTSIDE_REGION,
        )  # fmt: skip
        is_there = self._settings.region == _OUTSIDE_REGION  # an alarm only reaches a topic of its own region
        self._alarm(alarm, topic if is_there else self._topic("outside", _OUTSIDE_REGION), {"HealthCheckId": check.id})


def _metrics_policy() -> str:
    # Metrics belong to no resource: the condition limits it to ours.
    ours = {"StringEquals": {"cloudwatch:namespace": NAMESPACE}}
    return policy({**allow("SendFigures", ["cloudwatch:PutMetricData"], "*"), "Condition": ours})
