"""Creates all components from the stack's configuration, and exports the outputs."""

import sys
from typing import Any

import pulumi
from pulumi import Output

from infra import costs
from infra.app_secrets import AppSecrets
from infra.backup_bucket import BackupBucket
from infra.disk_key import DiskKey
from infra.dns_records import DnsRecords
from infra.log_group import LogGroup
from infra.monitoring import NAMESPACE, MonitoringAlarms
from infra.server import Server
from infra.server_user import ServerUser
from infra.settings import KEYS, LISTS, InfraSettings, InfraSettingsError


def main() -> None:
    if pulumi.runtime.settings.get_monitor() is None:
        sys.exit("This program is run by Pulumi: `pulumi preview` shows what it would rent, `pulumi up` rents it.")
    try:
        settings = InfraSettings.read(_configuration(), pulumi.Config("aws").get("region") or "")
    except InfraSettingsError as error:
        raise pulumi.RunError(str(error)) from error
    for name, value in rent(settings).items():
        pulumi.export(name, value)


def rent(settings: InfraSettings) -> dict[str, Any]:
    """Return the outputs by name; raises RunError above the monthly budget."""
    _within_budget(settings)
    server = Server("server", settings)
    records = DnsRecords("dns", settings, server.address, server.ipv6_address)
    user = ServerUser("user", settings)
    bucket = BackupBucket("backups", settings, user.user) if settings.backups else None
    alarms = MonitoringAlarms("monitoring", settings, user.user) if settings.monitoring != "off" else None
    secrets = AppSecrets("secrets", settings.server_name) if settings.secrets == "secretsmanager" else None
    logs = LogGroup("logs", settings.server_name, user.user) if settings.logs == "cloudwatch" else None
    is_disk_key_kept = settings.disk_encryption == "secretsmanager"
    disk_key = DiskKey("disk-key", settings.server_name, user.user, server.address) if is_disk_key_kept else None
    nothing = Output.from_input("")
    return {
        "host": server.address,
        "ipv6_address": server.ipv6_address,
        "user": settings.login_user,
        "server_name": settings.server_name,
        "instance_name": server.name,
        "host_keys": [],  # AWS has them only once the machine has started: `fab trust` fetches them
        "domain": settings.domain,
        "region": settings.region,
        "ssh_cidrs": list(settings.ssh_cidrs),
        "dns_records_to_set": records.to_set,
        "backup_bucket": bucket.name if bucket else nothing,
        "backup_endpoint": f"s3.{settings.region}.amazonaws.com" if bucket else "",
        "aws_access_key_id": user.key.id,
        "aws_secret_access_key": Output.secret(user.key.secret),
        "restorer_access_key_id": bucket.restorer_key.id if bucket else nothing,
        "restorer_secret_access_key": Output.secret(bucket.restorer_key.secret) if bucket else Output.secret(""),
        "alarm_topic": alarms.topic if alarms else nothing,
        "metric_namespace": NAMESPACE if alarms else "",
        "mail_server": settings.mail_server,
        "reboot_time": settings.reboot_time,
        "log_group": logs.name if logs else nothing,
        "app_secret": secrets.arn if secrets else nothing,
        "automation": settings.automation,
        "automation_networks": list(settings.automation_networks),
        "disk_encryption": settings.disk_encryption,
        "disk_secret": disk_key.arn if disk_key else nothing,
        "monthly_cost": costs.by_item(settings),
        "shape": settings.shape,
        "cluster": {},
    }


def _within_budget(settings: InfraSettings) -> None:
    table = costs.table(settings)
    if costs.is_above_budget(settings):
        raise pulumi.RunError(f"{table}\nThat is above monthlyBudget, ${settings.monthly_budget}.")
    pulumi.log.info(table)
    if not costs.is_noted(settings):
        pulumi.log.warn(
            f"bundle: the price of {settings.bundle} is not noted, so monthlyBudget counts the rest only; "
            "`fab preflight` asks AWS for it."
        )


def _configuration() -> dict[str, Any]:
    config = pulumi.Config()
    texts = {key: config.get(key) for key in KEYS if key not in LISTS}
    return {**texts, **{key: config.get_object(key) for key in LISTS}}
