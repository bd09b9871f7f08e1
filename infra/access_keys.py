"""The keys of an IAM user: while a new one is on its way to the server, the one before still counts."""

from pulumi import Resource, ResourceOptions
from pulumi_aws import iam

from infra.settings import InfraSettings


class AccessKeys:
    """Every key that is not retired, by number; `newest` is the one to hand out.

    A number is its key's name, so that raising it makes another key and touches none.
    """

    def __init__(self, name: str, settings: InfraSettings, user: iam.User, parent: Resource) -> None:
        keys = [
            iam.AccessKey(
                f"{name}-{number}",
                user=user.name,
                opts=ResourceOptions(parent=parent, additional_secret_outputs=["secret"]),
            )
            for number in range(settings.retired_key_number + 1, settings.key_number + 1)
        ]
        self.newest = keys[-1]
