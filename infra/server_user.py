"""The server's IAM user: a Lightsail instance has no role of its own, so it gets a key."""

from pulumi import ComponentResource, ResourceOptions
from pulumi_aws import iam

from infra.settings import InfraSettings
from infra.tags import tags_of


class ServerUser(ComponentResource):
    """Each component that needs rights adds a policy for just those.

    A higher key number makes a new key before the old one is deleted.
    """

    def __init__(self, name: str, settings: InfraSettings) -> None:
        super().__init__("invoices:infra:ServerUser", name)
        own = ResourceOptions(parent=self)
        server = settings.server_name
        self.user = iam.User("server", name=f"{server}-server", tags=tags_of(server), opts=own)
        self.key = iam.AccessKey(
            f"server-{settings.key_number}",
            user=self.user.name,
            opts=ResourceOptions(parent=self, additional_secret_outputs=["secret"]),
        )
        self.register_outputs({"user": self.user.name})
