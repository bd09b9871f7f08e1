"""The database: PostgreSQL in two zones, one of which takes over by itself; the product's own is made in it by SQL."""

from pulumi import ComponentResource, Output, ResourceOptions
from pulumi_aws import cloudwatch, rds

from infra.cluster.network import DATABASE_PORT, Network
from infra.cluster.sizes import POSTGRESQL, SIZES
from infra.settings import InfraSettings
from infra.tags import tags_of

_LOG_DAYS = 90
_POINT_IN_TIME_DAYS = 14
_STORAGE_GROWS_TIMES = 10
_MILLISECONDS_BEFORE_LOGGED = 1_000
_LOGS = ("postgresql", "upgrade")
_PARAMETERS = {
    "rds.force_ssl": "1",
    "log_min_duration_statement": str(_MILLISECONDS_BEFORE_LOGGED),
    "log_lock_waits": "1",
    # Parameters hold what queries are about, such as names of customers, which no log needs.
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "idle_in_transaction_session_timeout": "600000",
    "random_page_cost": "1.1",
    "jit": "0",
}


class Database(ComponentResource):
    """An instance with a standby in another zone, in subnets without a way out.

    It has no `db_name`: RDS would create that database with a collation other than the product's.
    A restore makes an instance of another name, which `databaseNumber` then names here.
    """

    def __init__(self, name: str, settings: InfraSettings, network: Network, opts: ResourceOptions) -> None:
        super().__init__("invoices:infra:Database", name, opts=opts)
        own = ResourceOptions(parent=self)
        server_name, size = settings.server_name, SIZES[settings.cluster_size]
        tags = tags_of(server_name)
        identifier = settings.database_identifier
        subnets = rds.SubnetGroup(
            "subnets", name_prefix=f"{server_name}-", subnet_ids=network.private_subnets, tags=tags, opts=own
        )
        parameters = rds.ParameterGroup(
            "parameters",
            name_prefix=f"{server_name}-",  # another family replaces it, while the one before is still in use
            family=f"postgres{POSTGRESQL}",
            parameters=[{"name": key, "value": value} for key, value in _PARAMETERS.items()],
            tags=tags,
            opts=own,
        )
        logs = [  # which RDS would create itself, to be kept for ever
            cloudwatch.LogGroup(
                f"{kind}-logs",
                name=f"/aws/rds/instance/{identifier}/{kind}",
                retention_in_days=_LOG_DAYS,
                tags=tags,
                opts=own,
            )
            for kind in _LOGS
        ]
        number = settings.database_number
        instance = rds.Instance(
            # By number: one that was restored is imported beside the first, and all that depends on it goes over.
            "database" if number == 1 else f"database-{number}",
            identifier=identifier,
            engine="postgres",
            engine_version=POSTGRESQL,
            auto_minor_version_upgrade=True,
            instance_class=size.database_class,
            multi_az=True,
            storage_type="gp3",
            storage_encrypted=True,
            allocated_storage=size.database_gigabytes,
            max_allocated_storage=size.database_gigabytes * _STORAGE_GROWS_TIMES,
            username="postgres",
            manage_master_user_password=True,
            port=DATABASE_PORT,
            publicly_accessible=False,
            db_subnet_group_name=subnets.name,
            vpc_security_group_ids=[network.database],
            parameter_group_name=parameters.name,
            ca_cert_identifier="rds-ca-rsa2048-g1",
            backup_retention_period=_POINT_IN_TIME_DAYS,
            backup_window="02:00-02:30",
            maintenance_window="sun:03:00-sun:04:00",
            copy_tags_to_snapshot=True,
            delete_automated_backups=False,
            deletion_protection=True,
            skip_final_snapshot=False,
            final_snapshot_identifier=f"{identifier}-final",
            enabled_cloudwatch_logs_exports=list(_LOGS),
            tags=tags,
            # Minor upgrades are AWS's, and a change of what an instance was restored from would replace it.
            opts=ResourceOptions(
                parent=self,
                protect=True,
                depends_on=logs,
                ignore_changes=[
                    "engine_version", "snapshot_identifier", "restore_to_point_in_time", "final_snapshot_identifier",
                ],
            ),
        )  # fmt: skip
        self.identifier = instance.identifier
        self.host = instance.address
        self.master_secret: Output[str] = instance.master_user_secrets.apply(lambda found: found[0].secret_arn or "")
        self.register_outputs({"identifier": self.identifier, "host": self.host})
