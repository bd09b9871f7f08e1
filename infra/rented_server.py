"""The server and what is rented for it alone, with its outputs; a stack of the shape `cluster` has none of it."""

from typing import Any

from pulumi import Output

from infra.app_secrets import AppSecrets
from infra.disk_key import DiskKey
from infra.log_group import LogGroup
from infra.monitoring import NAMESPACE, MonitoringAlarms
from infra.server import Server
from infra.server_user import ServerUser
from infra.settings import InfraSettings


def no_server() -> dict[str, Any]:
    """Return the outputs that a server has, as they are without one."""
    texts = (
        "host", "ipv6_address", "user", "instance_name", "aws_access_key_id", "alarm_topic", "metric_namespace",
        "log_group", "app_secret", "disk_secret",
    )  # fmt: skip
    lists: dict[str, list[str]] = {"host_keys": [], "ssh_cidrs": []}
    return {**dict.fromkeys(texts, ""), **lists, "aws_secret_access_key": Output.secret(""), "disk_encryption": "off"}


class RentedServer:
    """`outputs` has the keys of `no_server`."""

    def __init__(self, settings: InfraSettings) -> None:
        self.machine = Server("server", settings)
        self.user = ServerUser("user", settings)
        user = self.user.user
        alarms = MonitoringAlarms("monitoring", settings, user) if settings.monitoring != "off" else None
        secrets = AppSecrets("secrets", settings.server_name) if settings.secrets == "secretsmanager" else None
        logs = LogGroup("logs", settings.server_name, user) if settings.logs == "cloudwatch" else None
        is_disk_key_kept = settings.disk_encryption == "secretsmanager"
        address = self.machine.address
        disk_key = DiskKey("disk-key", settings.server_name, user, address) if is_disk_key_kept else None
        nothing = Output.from_input("")
        self.outputs: dict[str, Any] = {
            "host": address,
            "ipv6_address": self.machine.ipv6_address,
            "user": settings.login_user,
            "instance_name": self.machine.name,
            "host_keys": [],  # AWS has them only once the machine has started: `fab trust` fetches them
            "ssh_cidrs": list(settings.ssh_cidrs),
            "aws_access_key_id": self.user.key.id,
            "aws_secret_access_key": Output.secret(self.user.key.secret),
            "alarm_topic": alarms.topic if alarms else nothing,
            "metric_namespace": NAMESPACE if alarms else "",
            "log_group": logs.name if logs else nothing,
            "app_secret": secrets.arn if secrets else nothing,
            "disk_encryption": settings.disk_encryption,
            "disk_secret": disk_key.arn if disk_key else nothing,
        }
