"""The server's IAM user: a Lightsail instance has no role of its own, so it gets a key."""

from pulumi import ComponentResource, ResourceOptions
from pulumi_aws import iam

from infra.access_keys import AccessKeys
from infra.settings import InfraSettings
from infra.tags import tags_of


def own_user(name: str, settings: InfraSettings, opts: ResourceOptions) -> iam.User:
    """Make a user to whose name Pulumi adds letters: names of users are the account's, not the region's."""
    return iam.User(
        name,
        force_destroy=True,
        permissions_boundary=settings.permissions_boundary or None,
        tags=tags_of(settings.server_name),
        opts=opts,
    )


class ServerUser(ComponentResource):
    """Each component that needs rights adds a policy for just those."""

    def __init__(self, name: str, settings: InfraSettings) -> None:
        super().__init__("invoices:infra:ServerUser", name)
        own = ResourceOptions(parent=self)
        server = settings.server_name
        self.user = own_user(f"{server}-server", settings, own)
        self.key = AccessKeys("server", settings, self.user, self).newest
        self.register_outputs({"user": self.user.name})
