"""The cluster: tasks of ECS Fargate behind a load balancer, with a database in two zones and files in a bucket."""

from typing import Any

from pulumi import ComponentResource, Input, Output, ResourceOptions
from pulumi_aws import cloudwatch, ecs

from infra.backup_bucket import BackupBucket
from infra.cluster.alarms import ClusterAlarms, WatchedCluster
from infra.cluster.balancer import Balancer
from infra.cluster.cdn import Cdn, CdnOrigin
from infra.cluster.certificate import ClusterCertificate
from infra.cluster.dashboard import ClusterDashboard
from infra.cluster.database import Database
from infra.cluster.files import FOLDER, FilesBucket
from infra.cluster.network import Network
from infra.cluster.registry import Registry
from infra.cluster.roles import Roles
from infra.cluster.secret import ClusterSecret
from infra.cluster.services import Services
from infra.cluster.sizes import SIZES
from infra.dns_records import DnsRecords
from infra.settings import InfraSettings
from infra.tags import tags_of

_LOG_DAYS = 90


class Cluster(ComponentResource):
    """Assembles the parts; what they are called to one another is in `outputs`, as the playbooks read it."""

    def __init__(self, name: str, settings: InfraSettings, backups: BackupBucket | None, records: DnsRecords) -> None:
        super().__init__("invoices:infra:Cluster", name)
        own, server_name = ResourceOptions(parent=self), settings.server_name
        self._settings, self._backups = settings, backups
        self.network = Network("network", settings, own)
        self.certificate = ClusterCertificate("certificate", settings, records, own)
        self.balancer = Balancer("balancer", settings, self.network, self.certificate.arn, own)
        cdn = self._cdn() if settings.cdn == "cloudfront" else None
        if cdn:
            records.lead_to_balancer(cdn.host, cdn.zone_id)
        else:
            records.lead_to_balancer(self.balancer.host_name, self.balancer.zone)
        self.database = Database("database", settings, self.network, own)
        self.files = FilesBucket("files", settings, own)
        self.registry = Registry("registry", settings, own)
        self.secret = ClusterSecret("secret", server_name, own)
        self.logs = cloudwatch.LogGroup(
            "cluster-logs",
            name=f"/invoices/{server_name}/cluster",
            retention_in_days=_LOG_DAYS,
            tags=tags_of(server_name),
            opts=own,
        )
        self.ecs = ecs.Cluster(
            "cluster",
            name=server_name,
            settings=[{"name": "containerInsights", "value": _insights(settings)}],
            tags=tags_of(server_name),
            opts=own,
        )
        account: Output[str] = self.ecs.arn.apply(lambda arn: arn.split(":")[4])
        self.roles = Roles(
            "roles",
            settings,
            account=account,
            repositories=self.registry.arns,
            log_group=self.logs.arn,
            secret=self.secret.arn,
            master_secret=self.database.master_secret,
            files=self.files,
            backups=backups,
            opts=own,
        )
        self.services = Services(
            "services",
            settings,
            cluster=self.ecs,
            network=self.network,
            balancer=self.balancer,
            roles=self.roles,
            parts=self._parts(),
            account=account,
            opts=own,
        )
        watched, is_watched = self._watched(), settings.monitoring != "off"
        self.alarms = ClusterAlarms("alarms", settings, watched, own) if is_watched else None
        self.dashboard = (
            ClusterDashboard("dashboard", settings, watched, self.alarms.arns, own) if self.alarms else None
        )
        self.outputs = self._outputs()
        self.register_outputs({"domain": settings.cluster_domain})

    def _cdn(self) -> Cdn:
        origin = CdnOrigin(
            host=self.balancer.host_name,
            listener=self.balancer.listener.arn,
            target_group=self.balancer.target_group,
            certificate_is_valid=self.certificate.arn,
        )
        return Cdn("cdn", self._settings, origin, ResourceOptions(parent=self))

    def _watched(self) -> WatchedCluster:
        return WatchedCluster(
            load_balancer=self.balancer.arn_suffix,
            target_group=self.balancer.target_group_suffix,
            certificate=self.certificate.arn,
            ecs_cluster=self.ecs.name,
            app_service=self.services.app,
            worker_service=self.services.worker,
            database=self.database.identifier,
            log_group=self.logs.name,
            size=SIZES[self._settings.cluster_size],
        )

    def _parts(self) -> dict[str, Input[str]]:
        return {
            "region": self._settings.region,
            "domain": self._settings.cluster_domain,
            "cdn": self._settings.cdn,
            "app_repository": self.registry.app,
            "proxy_repository": self.registry.proxy,
            "backup_repository": self.registry.backup,
            "secret": self.secret.arn,
            "master_secret": self.database.master_secret,
            "database_host": self.database.host,
            "files_bucket": self.files.name,
            "files_folder": FOLDER,
            "backup_bucket": self._backups.name if self._backups else "",
            "log_group": self.logs.name,
        }

    def _outputs(self) -> dict[str, Any]:
        settings, services, size = self._settings, self.services, SIZES[self._settings.cluster_size]
        return {
            "name": settings.server_name,
            "region": settings.region,
            "domain": settings.cluster_domain,
            "zones": list(settings.cluster_zones),
            "subnets": self.network.public_subnets,
            "task_security_group": self.network.tasks,
            "ecs_cluster": self.ecs.name,
            "app_service": services.app,
            "worker_service": services.worker,
            "app_family": services.app_family,
            "worker_family": services.worker_family,
            "once_family": services.once_family,
            "backup_family": services.backup_family,
            "app_repository": self.registry.app,
            "proxy_repository": self.registry.proxy,
            "backup_repository": self.registry.backup,
            "load_balancer_arn": self.balancer.arn,
            "load_balancer_name": self.balancer.host_name,
            "listener_arn": self.balancer.listener.arn,
            "target_group_arn": self.balancer.target_group,
            "database_identifier": self.database.identifier,
            "database_host": self.database.host,
            "database_master_secret": self.database.master_secret,
            "secret": self.secret.arn,
            "files_bucket": self.files.name,
            "backup_bucket": self._backups.name if self._backups else "",
            "log_group": self.logs.name,
            "alarm_topic": self.alarms.topic if self.alarms else "",
            "dashboard": self.dashboard.name if self.dashboard else "",
            "size": {
                "name": settings.cluster_size,
                "app_tasks": size.app_tasks,
                "worker_tasks": size.worker_tasks,
            },
        }


def _insights(settings: InfraSettings) -> str:
    """Return whether figures of each container are taken, which cost by the figure."""
    return "enhanced" if settings.monitoring == "detailed" else "disabled"
