"""What runs: the services of the app and the worker, the tasks of single commands, and the hourly backup."""

from collections.abc import Callable, Mapping

from pulumi import ComponentResource, Input, Output, ResourceOptions
from pulumi_aws import ecs, iam, scheduler

from infra.cluster import containers
from infra.cluster.balancer import Balancer
from infra.cluster.network import PROXY_PORT, Network
from infra.cluster.roles import Roles, scheduler_role
from infra.cluster.sizes import ONCE, SIZES, Task
from infra.settings import InfraSettings
from infra.tags import tags_of

_SECONDS_BEFORE_HEALTH_COUNTS = 120
_BACKUP_MINUTE = 17  # not at the full hour, when everybody's does


class Services(ComponentResource):
    """Rented with no task running: the first deploy has the image, fills the secret and says how many.

    From then on versions and counts are `fab deploy`'s. Revisions stay when a new one comes: they are what a rollback
    goes back to. A revision that Pulumi makes runs the image that is deployed, by its tag.
    """

    def __init__(
        self,
        name: str,
        settings: InfraSettings,
        *,
        cluster: ecs.Cluster,
        network: Network,
        balancer: Balancer,
        roles: Roles,
        parts: Mapping[str, Input[str]],
        account: Output[str],
        opts: ResourceOptions,
    ) -> None:
        super().__init__("invoices:infra:Services", name, opts=opts)
        self._settings, self._cluster, self._network = settings, cluster, network
        self._parts: Output[dict[str, str]] = Output.all(**parts)
        self._tags, size = tags_of(settings.server_name), SIZES[settings.cluster_size]
        app = self._definition("app", size.app, roles.starting, roles.app, containers.app_containers)
        worker = self._definition("worker", size.worker, roles.starting, roles.app, containers.worker_containers)
        once = self._definition("once", ONCE, roles.starting, roles.app, containers.once_containers)
        self.app_family, self.worker_family, self.once_family = app.family, worker.family, once.family
        self.app = self._service("app", app, balancer)
        self.worker = self._service("worker", worker)
        backup = self._definition("backup", ONCE, roles.starting_backups, roles.backups, containers.backup_containers)
        self.backup_family = backup.family
        if settings.backups:
            self._back_up_hourly(backup, account, [roles.starting_backups, roles.backups])
        self.register_outputs({"app": self.app})

    def _definition(
        self, kind: str, task: Task, starting: iam.Role, own: iam.Role, described: Callable[[Mapping[str, str]], str]
    ) -> ecs.TaskDefinition:
        volumes = ("data", "scratch") if kind == "backup" else ("data",)
        return ecs.TaskDefinition(
            kind,
            family=f"{self._settings.server_name}-{kind}",
            requires_compatibilities=["FARGATE"],
            network_mode="awsvpc",
            cpu=str(task.cpu),
            memory=str(task.memory),
            runtime_platform={"cpu_architecture": "X86_64", "operating_system_family": "LINUX"},
            execution_role_arn=starting.arn,
            task_role_arn=own.arn,
            volumes=[{"name": volume} for volume in volumes],
            container_definitions=self._parts.apply(described),
            skip_destroy=True,
            tags=self._tags,
            opts=ResourceOptions(parent=self),
        )

    def _service(self, kind: str, definition: ecs.TaskDefinition, balancer: Balancer | None = None) -> Output[str]:
        targets: list[ecs.ServiceLoadBalancerArgs] = []
        if balancer:
            targets.append(
                ecs.ServiceLoadBalancerArgs(
                    target_group_arn=balancer.target_group, container_name="proxy", container_port=PROXY_PORT
                )
            )
        service = ecs.Service(
            kind,
            name=f"{self._settings.server_name}-{kind}",
            cluster=self._cluster.arn,
            task_definition=definition.arn,
            desired_count=0,
            launch_type="FARGATE",
            network_configuration={
                "subnets": self._network.public_subnets,
                "security_groups": [self._network.tasks],
                "assign_public_ip": True,
            },
            load_balancers=targets or None,
            health_check_grace_period_seconds=_SECONDS_BEFORE_HEALTH_COUNTS if balancer else None,
            deployment_minimum_healthy_percent=100,
            deployment_maximum_percent=200,
            deployment_circuit_breaker={"enable": True, "rollback": True},
            availability_zone_rebalancing="ENABLED",
            enable_ecs_managed_tags=True,
            propagate_tags="SERVICE",
            wait_for_steady_state=False,
            tags=self._tags,
            # A service must go before the listener it is known to: else its deployments never end.
            opts=ResourceOptions(
                parent=self,
                depends_on=[balancer.listener] if balancer else [],
                ignore_changes=["task_definition", "desired_count"],
            ),
        )
        return service.name

    def _back_up_hourly(self, definition: ecs.TaskDefinition, account: Output[str], passed: list[iam.Role]) -> None:
        family = definition.arn.apply(lambda arn: arn.rpartition(":")[0])  # without a number: the newest revision
        role = scheduler_role(
            self._settings, account=account, cluster=self._cluster.arn, family=family, passed=passed, parent=self
        )
        scheduler.Schedule(
            "backup",
            name=f"{self._settings.server_name}-backup",
            description="The hourly backup into the locked bucket.",
            schedule_expression=f"cron({_BACKUP_MINUTE} * * * ? *)",
            flexible_time_window={"mode": "OFF"},
            target={
                "arn": self._cluster.arn,
                "role_arn": role.arn,
                "ecs_parameters": {
                    "task_definition_arn": family,
                    "launch_type": "FARGATE",
                    "task_count": 1,
                    "network_configuration": {
                        "subnets": self._network.public_subnets,
                        "security_groups": [self._network.tasks],
                        "assign_public_ip": True,
                    },
                    "propagate_tags": "TASK_DEFINITION",
                },
                "retry_policy": {"maximum_retry_attempts": 2, "maximum_event_age_in_seconds": 1800},
            },
            opts=ResourceOptions(parent=self),
        )
