"""Optional storage for the key of the encrypted disk: a secret that the server reads as it boots."""

import pulumi
from pulumi import ComponentResource, Output, ResourceOptions
from pulumi_aws import iam

from infra.empty_secret import empty_secret
from infra.iam_policies import allow, policy


class DiskKey(ComponentResource):
    """An empty secret, and the policy to read it from the server's address."""

    def __init__(self, name: str, server_name: str, user: iam.User, address: pulumi.Input[str]) -> None:
        super().__init__("invoices:infra:DiskKey", name)
        description = "Opens the encrypted disk of the invoice dashboard; written by the first provision."
        secret = empty_secret("disk", server_name, description, self)
        self.arn = secret.arn
        rights = Output.all(secret.arn, address).apply(lambda both: _policy(*both))
        iam.UserPolicy("disk-key", user=user.name, policy=rights, opts=ResourceOptions(parent=self))
        self.register_outputs({"arn": self.arn})


def _policy(arn: str, address: str) -> str:
    """Let the server's key read it from the server's address only: the key stands on the disk that is copied."""
    reading = allow("DiskKeyOnTheServer", ["secretsmanager:GetSecretValue"], arn)
    return policy({**reading, "Condition": {"IpAddress": {"aws:SourceIp": f"{address}/32"}}})
