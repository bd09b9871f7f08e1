"""Settings of the server: outputs of the stack that rented it, or a JSON file if it was rented elsewhere."""

import os
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

FILE_OF_THIS_MACHINE = os.environ.get("INVOICES_SERVER", "")  # describes a server that Pulumi did not rent

DiskEncryption = Literal["off", "typed", "secretsmanager"]
Shape = Literal["server", "both", "cluster"]


class HostSettingsError(Exception):
    """The settings are incomplete or cannot be read; the message is one sentence with the keys or the file."""


def address_and_port(text: str) -> tuple[IPv4Address | IPv6Address, int]:
    """Raise ValueError unless the text is such as 10.0.0.5:2525 or [fd00::5]:2525."""
    found = urlsplit(f"//{text}")
    if not found.port or found.path or found.username:
        raise ValueError("it must be an address and a port, such as 10.0.0.5:2525")
    return ip_address(found.hostname or ""), found.port


def _mail_server(text: str) -> str:
    if text:
        address_and_port(text)
    return text


class ClusterSize(BaseModel):
    """The size by its name, and how many tasks run once a version is deployed: a service is rented with none."""

    model_config = ConfigDict(frozen=True)

    name: str
    app_tasks: int
    worker_tasks: int


class ClusterSettings(BaseModel):
    """The cluster, in the names of the stack's output `cluster`.

    `domain` is where it answers, next.DOMAIN while a server answers for DOMAIN; `public_host` is what that leads to,
    the balancer or CloudFront. Services and families of task definitions are names, repositories are addresses to push
    to; `database_master_secret` and `secret` are ARNs.
    Texts are empty for what was not rented: the bucket of backups, the alarms' topic, the dashboard.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    region: str
    domain: str
    zones: tuple[str, ...]
    subnets: tuple[str, ...]
    task_security_group: str
    ecs_cluster: str
    app_service: str
    worker_service: str
    app_family: str
    worker_family: str
    once_family: str
    backup_family: str
    app_repository: str
    proxy_repository: str
    backup_repository: str
    load_balancer_arn: str
    load_balancer_name: str
    public_host: str
    listener_arn: str
    target_group_arn: str
    database_identifier: str
    database_host: str
    database_master_secret: str
    secret: str
    files_bucket: str
    backup_bucket: str
    log_group: str
    alarm_topic: str
    dashboard: str
    size: ClusterSize


def _none_without_keys(found: object) -> object:
    return found or None


class HostSettings(BaseModel):
    """The server, in the names of the stack's outputs; texts are empty for what was not rented.

    `backup_endpoint` is the host of the store that has the bucket; `backup_authority` is a file on the operator's
    machine with the certificate of its private authority, which only a server in a file can have.
    `mail_server` is the address and port, such as 10.0.0.5:2525, of a mail server that is at a private address or at a
    port of its own; `reboot_time` is in UTC.
    `automation_networks` are those that n8n's editor may be opened from, empty for those of SSH.
    `disk_secret` names the secret that has the key of the encrypted disk, where it is not typed.
    `dns_records_to_set` has a line for each record to be set by hand; `monthly_cost` is in dollars, by item;
    `host_keys` are lines such as `ssh-ed25519 AAAA…`, empty where only `fab trust` can get them.
    `shape` says what is rented: a server, a cluster, or both; what is the server's own is empty where there is none.
    """

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    host: str
    ipv6_address: str
    user: str
    server_name: str
    instance_name: str
    host_keys: tuple[str, ...]
    domain: str
    region: str
    ssh_cidrs: tuple[str, ...]
    dns_records_to_set: str
    backup_bucket: str
    backup_endpoint: str = ""
    backup_authority: str = ""
    aws_access_key_id: str
    aws_secret_access_key: str = Field(repr=False)
    alarm_topic: str
    metric_namespace: str
    log_group: str = ""
    mail_server: Annotated[str, AfterValidator(_mail_server)] = ""
    reboot_time: Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")] = "03:30"
    app_secret: str
    automation: bool = False
    automation_networks: tuple[str, ...] = ()
    disk_encryption: DiskEncryption = "off"
    disk_secret: str = ""
    monthly_cost: Mapping[str, str]
    shape: Shape = "server"
    cluster: Annotated[ClusterSettings | None, BeforeValidator(_none_without_keys)] = None

    @property
    def automation_domain(self) -> str:
        """Return the name of n8n, empty where there is no automation."""
        return f"n8n.{self.domain}" if self.automation else ""

    @property
    def editor_networks(self) -> tuple[str, ...]:
        return self.automation_networks or self.ssh_cidrs

    @classmethod
    def from_outputs(cls, outputs: Mapping[str, Any]) -> Self:
        """Return the settings from `pulumi stack output --json --show-secrets`; raises HostSettingsError."""
        try:
            return cls.model_validate(outputs)
        except ValidationError as error:
            raise HostSettingsError(f"The stack's outputs: {_mistakes(error)}. Run `pulumi up`.") from error

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """Return the settings from a JSON file with the same keys; raises HostSettingsError."""
        try:
            return cls.model_validate_json(path.read_bytes())
        except OSError as error:
            raise HostSettingsError(f"{path} cannot be read: {error.strerror}.") from error
        except ValidationError as error:
            raise HostSettingsError(f"{path}: {_mistakes(error)}.") from error


def _mistakes(error: ValidationError) -> str:
    found = error.errors()
    missing = ", ".join(".".join(map(str, one["loc"])) for one in found if one["type"] == "missing")
    wrong = [": ".join([*map(str, one["loc"]), one["msg"]]) for one in found if one["type"] != "missing"]
    return "; ".join([*([f"there is no {missing}"] if missing else []), *wrong])
