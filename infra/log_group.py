"""Optional storage for logs outside the server, where an intruder on it can neither change nor remove them."""

from pulumi import ComponentResource, ResourceOptions
from pulumi_aws import cloudwatch, iam

from infra.iam_policies import allow, policy
from infra.tags import tags_of

_KEPT_DAYS = 90


class LogGroup(ComponentResource):
    """The group, and the policy to add to it."""

    def __init__(self, name: str, server_name: str, user: iam.User) -> None:
        super().__init__("invoices:infra:LogGroup", name)
        own = ResourceOptions(parent=self)
        group = cloudwatch.LogGroup(
            "logs",
            name=f"/invoices/{server_name}",
            retention_in_days=_KEPT_DAYS,
            tags=tags_of(server_name),
            opts=own,
        )
        self.name = group.name
        iam.UserPolicy("logs", user=user.name, policy=group.arn.apply(_policy), opts=own)
        self.register_outputs({"name": self.name})


def _policy(arn: str) -> str:
    return policy(allow("AddLines", ["logs:CreateLogStream", "logs:PutLogEvents"], arn, f"{arn}:*"))
