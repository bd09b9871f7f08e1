"""The secrets of the tasks: one object of Secrets Manager, which the first deploy fills."""

from collections.abc import Mapping

from pulumi import ComponentResource, Output, ResourceOptions

from infra.empty_secret import empty_secret

# All are in it from the first deploy on, if only empty: a task whose definition names a missing key never starts.
KEYS = (
    "SECRET_KEY", "SECRET_KEYS_BEFORE", "APP_DATABASE_URL", "WORKER_DATABASE_URL", "OWNER_DATABASE_URL",
    "BACKUP_DATABASE_URL", "SMTP_URL", "OIDC_CLIENT_SECRET", "BACKUP_SIGNING_KEY", "BACKUP_RECIPIENT",
)  # fmt: skip


class ClusterSecret(ComponentResource):
    arn: Output[str]

    def __init__(self, name: str, server_name: str, opts: ResourceOptions) -> None:
        super().__init__("invoices:infra:ClusterSecret", name, opts=opts)
        description = "What the tasks of the invoice dashboard know: keys and addresses with passwords, as JSON."
        self.arn = empty_secret("cluster", server_name, description, self).arn
        self.register_outputs({"arn": self.arn})


def secrets_of(arn: str, names: Mapping[str, str]) -> list[dict[str, str]]:
    """Return how a container gets its variables: each by its name, from a key of the secret."""
    return [{"name": name, "valueFrom": f"{arn}:{key}::"} for name, key in names.items()]
