"""Optional storage for the app's secrets outside the server: a secret in Secrets Manager."""

from pulumi import ComponentResource, ResourceOptions
from pulumi_aws import iam, secretsmanager

from infra.iam_policies import allow, policy
from infra.tags import tags_of

_RECOVERY_DAYS = 30


class AppSecrets(ComponentResource):
    """An empty secret, so that its value is never in the state, and the policy to read and fill it."""

    def __init__(self, name: str, server_name: str, user: iam.User) -> None:
        super().__init__("invoices:infra:AppSecrets", name)
        secret = secretsmanager.Secret(
            "app",
            name=f"{server_name}/app",
            description="What the invoice dashboard signs and connects with; written by the first deploy.",
            recovery_window_in_days=_RECOVERY_DAYS,
            tags=tags_of(server_name),
            opts=ResourceOptions(parent=self, protect=True),
        )
        self.arn = secret.arn
        iam.UserPolicy("secrets", user=user.name, policy=secret.arn.apply(_policy), opts=ResourceOptions(parent=self))
        self.register_outputs({"arn": self.arn})


def _policy(arn: str) -> str:
    return policy(allow("OwnSecret", ["secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"], arn))
