"""The roles: what ECS may do to start a task, and what the programs in it may do themselves."""

from pulumi import ComponentResource, Output, ResourceOptions
from pulumi_aws import iam

from infra.backup_bucket import BackupBucket, dump_policy
from infra.cluster.files import FilesBucket, reading_policy, sharing_policy
from infra.iam_policies import allow, policy, trust
from infra.settings import InfraSettings
from infra.tags import tags_of


class Roles(ComponentResource):
    """Two pairs, as the task of the backups may read the database's master secret and the others may not.

    Only ECS in this account can take them, and only the bound of `permissionsBoundary` is beyond their policies.
    """

    def __init__(
        self,
        name: str,
        settings: InfraSettings,
        *,
        account: Output[str],
        repositories: Output[list[str]],
        log_group: Output[str],
        secret: Output[str],
        master_secret: Output[str],
        files: FilesBucket,
        backups: BackupBucket | None,
        opts: ResourceOptions,
    ) -> None:
        super().__init__("invoices:infra:Roles", name, opts=opts)
        self._settings, self._account = settings, account
        starting = Output.all(repositories=repositories, logs=log_group, secrets=Output.all(secret))
        starting_backups = Output.all(
            repositories=repositories, logs=log_group, secrets=Output.all(secret, master_secret)
        )
        self.starting = self._role("starting", starting.apply(lambda found: _starting_policy(**found)))
        self.starting_backups = self._role(
            "starting-backups", starting_backups.apply(lambda found: _starting_policy(**found))
        )
        self.app = self._role("app", files.arn.apply(sharing_policy))
        self.backups = self._role("backups", files.arn.apply(reading_policy))
        if backups:
            self._policy("backups-dumps", self.backups, backups.arn.apply(dump_policy))
        self.register_outputs({})

    def _role(self, kind: str, rights: Output[str]) -> iam.Role:
        settings = self._settings
        role = iam.Role(
            f"{settings.server_name}-{kind}",  # Pulumi adds letters: names of roles are the account's
            assume_role_policy=self._account.apply(lambda account: _only_ecs(account, settings.region)),
            permissions_boundary=settings.permissions_boundary or None,
            tags=tags_of(settings.server_name),
            opts=ResourceOptions(parent=self),
        )
        self._policy(kind, role, rights)
        return role

    def _policy(self, name: str, role: iam.Role, rights: Output[str]) -> None:
        iam.RolePolicy(name, role=role.name, policy=rights, opts=ResourceOptions(parent=self))


def scheduler_role(
    settings: InfraSettings, *, account: Output[str], cluster: Output[str], family: Output[str], passed: list[iam.Role],
    parent: ComponentResource,
) -> iam.Role:  # fmt: skip
    """Let EventBridge Scheduler run any revision of the family in this cluster, with these roles."""
    role = iam.Role(
        f"{settings.server_name}-schedule",
        assume_role_policy=account.apply(_only_scheduler),
        permissions_boundary=settings.permissions_boundary or None,
        tags=tags_of(settings.server_name),
        opts=ResourceOptions(parent=parent),
    )
    rights = Output.all(cluster=cluster, family=family, roles=Output.all(*(one.arn for one in passed)))
    iam.RolePolicy(
        "schedule",
        role=role.name,
        policy=rights.apply(lambda found: _running_policy(**found)),
        opts=ResourceOptions(parent=parent),
    )
    return role


def _only_ecs(account: str, region: str) -> str:
    ours = {
        "StringEquals": {"aws:SourceAccount": account},
        "ArnLike": {"aws:SourceArn": f"arn:aws:ecs:{region}:{account}:*"},
    }
    return trust("ecs-tasks.amazonaws.com", ours)


def _only_scheduler(account: str) -> str:
    return trust("scheduler.amazonaws.com", {"StringEquals": {"aws:SourceAccount": account}})


def _starting_policy(repositories: list[str], logs: str, secrets: list[str]) -> str:
    pulling = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    return policy(
        allow("SignInToRegistry", ["ecr:GetAuthorizationToken"], "*"),  # it belongs to no resource
        allow("PullImages", pulling, *repositories),
        allow("AddLines", ["logs:CreateLogStream", "logs:PutLogEvents"], f"{logs}:*"),
        allow("ReadSecrets", ["secretsmanager:GetSecretValue"], *secrets),
    )


def _running_policy(cluster: str, family: str, roles: list[str]) -> str:
    run = allow("RunTask", ["ecs:RunTask"], family, f"{family}:*")
    give = allow("PassRoles", ["iam:PassRole"], *roles)
    return policy(
        {**run, "Condition": {"ArnEquals": {"ecs:cluster": cluster}}},
        {**give, "Condition": {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}},
    )
