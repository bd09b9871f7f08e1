"""Optional storage for the app's secrets outside the server: a secret in Secrets Manager."""

from pulumi import ComponentResource, Output, ResourceOptions
from pulumi_aws import secretsmanager

from infra.tags import tags_of

_RECOVERY_DAYS = 30


class AppSecrets(ComponentResource):
    """An empty secret, so that its value is never in the state; only the operator's own key to AWS reads and fills it.

    AWS keeps the name of a deleted secret until its recovery is over, so Pulumi adds letters to this one.
    """

    arn: Output[str]

    def __init__(self, name: str, server_name: str) -> None:
        super().__init__("invoices:infra:AppSecrets", name)
        secret = secretsmanager.Secret(
            "app",
            name_prefix=f"{server_name}/app-",
            description="What the invoice dashboard signs and connects with.",
            recovery_window_in_days=_RECOVERY_DAYS,
            tags=tags_of(server_name),
            opts=ResourceOptions(parent=self, protect=True),
        )
        self.arn = secret.arn
        self.register_outputs({"arn": self.arn})
