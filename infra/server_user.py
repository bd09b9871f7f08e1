"""The server's IAM user: a Lightsail instance has no role of its own, so it gets a key."""

from pulumi import ComponentResource, ResourceOptions
from pulumi_aws import iam

from infra.access_keys import AccessKeys
from infra.settings import InfraSettings
from infra.tags import tags_of


class ServerUser(ComponentResource):
    """Each component that needs rights adds a policy for just those."""

    def __init__(self, name: str, settings: InfraSettings) -> None:
        super().__init__("invoices:infra:ServerUser", name)
        own = ResourceOptions(parent=self)
        server = settings.server_name
        self.user = iam.User("server", name=f"{server}-server", force_destroy=True, tags=tags_of(server), opts=own)
        self.key = AccessKeys("server", settings, self.user, self).newest
        self.register_outputs({"user": self.user.name})
