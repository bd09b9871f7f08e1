"""A secret of Secrets Manager whose value is never in the state: it is made empty."""

from pulumi import ComponentResource, ResourceOptions
from pulumi_aws import secretsmanager

from infra.tags import tags_of

_RECOVERY_DAYS = 30


def empty_secret(kind: str, server_name: str, description: str, parent: ComponentResource) -> secretsmanager.Secret:
    """Let Pulumi add letters to the name: AWS keeps that of a deleted secret until its recovery is over."""
    return secretsmanager.Secret(
        kind,
        name_prefix=f"{server_name}/{kind}-",
        description=description,
        recovery_window_in_days=_RECOVERY_DAYS,
        tags=tags_of(server_name),
        opts=ResourceOptions(parent=parent, protect=True),
    )
