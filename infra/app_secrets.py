"""Optional storage for the app's secrets outside the server: a secret in Secrets Manager."""

import json

from pulumi import ComponentResource, Output, ResourceOptions
from pulumi_aws import iam, secretsmanager

from infra.tags import tags_of

_RECOVERY_DAYS = 30


class AppSecrets(ComponentResource):
    """An empty secret, so that its value is never in the state, and the policy to read and fill it."""

    arn: Output[str]

    def __init__(self, name: str, server_name: str, user: iam.User, opts: ResourceOptions | None = None) -> None:
        super().__init__("invoices:infra:AppSecrets", name, None, opts)
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
    statement = {
        "Sid": "OwnSecret",
        "Effect": "Allow",
        "Action": ["secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"],
        "Resource": [arn],
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
