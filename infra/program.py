"""Creates all components from the stack's configuration, and exports the outputs."""

import sys
from typing import Any

import pulumi
from pulumi import Output

from infra import costs
from infra.backup_bucket import BackupBucket
from infra.cluster.cluster import Cluster
from infra.dns_records import DnsRecords
from infra.rented_server import RentedServer, no_server
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
    server = RentedServer(settings) if settings.has_server else None
    user = server.user.user if server else None
    bucket = BackupBucket("backups", settings, user) if settings.backups else None
    records = DnsRecords("dns", settings, server.machine if server else None)
    cluster = Cluster("cluster", settings, bucket, records) if settings.has_cluster else None
    nothing = Output.from_input("")
    return {
        **(server.outputs if server else no_server()),
        "server_name": settings.server_name,
        "domain": settings.domain,
        "region": settings.region,
        "dns_records_to_set": records.to_set,
        "backup_bucket": bucket.name if bucket else nothing,
        "backup_endpoint": f"s3.{settings.region}.amazonaws.com" if bucket else "",
        "restorer_access_key_id": bucket.restorer_key.id if bucket else nothing,
        "restorer_secret_access_key": Output.secret(bucket.restorer_key.secret) if bucket else Output.secret(""),
        "mail_server": settings.mail_server,
        "reboot_time": settings.reboot_time,
        "automation": settings.automation,
        "automation_networks": list(settings.automation_networks),
        "monthly_cost": costs.by_item(settings),
        "shape": settings.shape,
        "cluster": cluster.outputs if cluster else {},
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
