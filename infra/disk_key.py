"""Optional storage for the key of the encrypted disk: a secret that the server reads as it boots."""

import pulumi
from pulumi import ComponentResource, Output, ResourceOptions
from pulumi_aws import iam, secretsmanager

from infra.iam_policies import allow, policy
from infra.tags import tags_of

_RECOVERY_DAYS = 30


class DiskKey(ComponentResource):
    """An empty secret, so that its value is never in the state, and the policy to read it from the server's address."""

    def __init__(self, name: str, server_name: str, user: iam.User, address: pulumi.Input[str]) -> None:
        super().__init__("invoices:infra:DiskKey", name)
        # With letters that Pulumi adds: AWS keeps the name of a deleted secret until its recovery is over.
        secret = secretsmanager.Secret(
            "disk",
            name_prefix=f"{server_name}/disk-",
            description="Opens the encrypted disk of the invoice dashboard; written by the first provision.",
            recovery_window_in_days=_RECOVERY_DAYS,
            tags=tags_of(server_name),
            opts=ResourceOptions(parent=self, protect=True),
        )
        self.arn = secret.arn
        rights = Output.all(secret.arn, address).apply(lambda both: _policy(*both))
        iam.UserPolicy("disk-key", user=user.name, policy=rights, opts=ResourceOptions(parent=self))
        self.register_outputs({"arn": self.arn})


def _policy(arn: str, address: str) -> str:
    """Let the server's key read it from the server's address only: the key stands on the disk that is copied."""
    reading = allow("DiskKeyOnTheServer", ["secretsmanager:GetSecretValue"], arn)
    return policy({**reading, "Condition": {"IpAddress": {"aws:SourceIp": f"{address}/32"}}})
