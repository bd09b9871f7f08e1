"""Where the app's secrets live, if not on the server alone: a place in Secrets Manager that the first deploy fills."""

import json

from pulumi import ComponentResource, Output, ResourceOptions
from pulumi_aws import iam, secretsmanager

from infra.tags import tags_of

_DAYS_TO_THINK_AGAIN = 30


class AppSecrets(ComponentResource):
    """An empty secret, so that its value never stands in the state, and who may read and fill it."""

    arn: Output[str]

    def __init__(self, name: str, server_name: str, user: iam.User, opts: ResourceOptions | None = None) -> None:
        """Rent the place; the user is that of the server."""
        super().__init__("invoices:infra:AppSecrets", name, None, opts)
        secret = secretsmanager.Secret(
            "app",
            name=f"{server_name}/app",
            description="What the invoice dashboard signs and connects with; written by the first deploy.",
            recovery_window_in_days=_DAYS_TO_THINK_AGAIN,
            tags=tags_of(server_name),
            opts=ResourceOptions(parent=self, protect=True),
        )
        self.arn = secret.arn
        iam.UserPolicy("secrets", user=user.name, policy=secret.arn.apply(_may_use), opts=ResourceOptions(parent=self))
        self.register_outputs({"arn": self.arn})


def _may_use(arn: str) -> str:
    statement = {
        "Sid": "OwnSecret",
        "Effect": "Allow",
        "Action": ["secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"],
        "Resource": [arn],
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
