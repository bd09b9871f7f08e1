"""Checks before a cluster is rented: what the account and the region let it have."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from botocore.client import BaseClient
from botocore.exceptions import ClientError

from infra.cluster.sizes import ONCE, POSTGRESQL, SIZES, ClusterCapacity
from infra.findings import Clients, Finding, all_of, asked
from infra.settings import InfraSettings

_PROCESSORS, _NETWORKS = ("fargate", "L-3032A538"), ("vpc", "L-F678F1CE")  # codes of AWS's Service Quotas
_UNITS_OF_PROCESSOR = 1024
# AWS makes these itself where it may, but the first cluster of an account can fail until they are there.
_ROLES = {
    "AWSServiceRoleForECS": "ecs.amazonaws.com",
    "AWSServiceRoleForElasticLoadBalancing": "elasticloadbalancing.amazonaws.com",
    "AWSServiceRoleForRDS": "rds.amazonaws.com",
}


def cluster_checks(settings: InfraSettings, client: Clients) -> Iterator[Finding]:
    region = settings.region
    quotas, ec2, rds = client("service-quotas", region), client("ec2", region), client("rds", region)
    yield asked("zones of the cluster", _zones, settings, ec2)
    yield asked("processors of tasks", _processors, settings, quotas)
    yield asked("networks", _networks, settings, quotas, ec2)
    yield asked("load balancers", _balancers, settings, client("elbv2", region))
    yield asked("databases", _databases, settings, rds)
    yield asked("database", _database, settings, rds)
    yield asked("roles of AWS", _roles, client("iam", region))


def _zones(settings: InfraSettings, ec2: BaseClient) -> Finding:
    what = f"zones {', '.join(settings.cluster_zones)}"
    found = ec2.describe_availability_zones()["AvailabilityZones"]
    open_ = sorted(one["ZoneName"] for one in found if one["State"] == "available")
    closed = [zone for zone in settings.cluster_zones if zone not in open_]
    if closed:
        return Finding(what, f"{', '.join(closed)} cannot be used: set clusterZones to two of {', '.join(open_)}.")
    return Finding(what)


def _processors(settings: InfraSettings, quotas: BaseClient) -> Finding:
    wanted, allowed = processors_of_a_deploy(SIZES[settings.cluster_size]), _quota(quotas, *_PROCESSORS)
    what = f"{wanted:g} vCPU of Fargate, of {allowed}"
    if wanted > allowed:
        return Finding(
            what,
            "A deploy runs the old and the new tasks together, and the account may not: ask AWS for more "
            f"(Service Quotas, AWS Fargate, {_PROCESSORS[1]}), or choose a smaller clusterSize.",
        )
    return Finding(what)


def processors_of_a_deploy(size: ClusterCapacity) -> Decimal:
    """Return how many vCPU run at once at most: all tasks twice, a single command, and the hourly backup."""
    units = 2 * (size.app_tasks * size.app.cpu + size.worker_tasks * size.worker.cpu) + 2 * ONCE.cpu
    return Decimal(units) / _UNITS_OF_PROCESSOR


def _networks(settings: InfraSettings, quotas: BaseClient, ec2: BaseClient) -> Finding:
    allowed = _quota(quotas, *_NETWORKS)
    others = [one for one in all_of(ec2, "describe_vpcs", "Vpcs") if not _is_ours(settings, one.get("Tags", ()))]
    return _room("VPC", len(others), allowed, "delete one that nobody uses")


def _balancers(settings: InfraSettings, elbv2: BaseClient) -> Finding:
    limits = {one["Name"]: one["Max"] for one in elbv2.describe_account_limits()["Limits"]}
    balancers = all_of(elbv2, "describe_load_balancers", "LoadBalancers")
    application = [one for one in balancers if one["Type"] == "application"]
    taken = len(application) - len(own_balancers(settings, elbv2, application))
    return _room("load balancer", taken, int(limits["application-load-balancers"]), "delete one that nobody uses")


def own_balancers(
    settings: InfraSettings, elbv2: BaseClient, balancers: list[dict[str, Any]] | None = None
) -> set[str]:
    """Return the DNS names of this stack's balancers, by their tags."""
    found = all_of(elbv2, "describe_load_balancers", "LoadBalancers") if balancers is None else balancers
    names = {one["LoadBalancerArn"]: one["DNSName"] for one in found}
    own: set[str] = set()
    for arn, name in names.items():
        (described,) = elbv2.describe_tags(ResourceArns=[arn])["TagDescriptions"]
        if _is_ours(settings, described["Tags"]):
            own.add(name)
    return own


def _databases(settings: InfraSettings, rds: BaseClient) -> Finding:
    quotas = {one["AccountQuotaName"]: one for one in rds.describe_account_attributes()["AccountQuotas"]}
    instances = all_of(rds, "describe_db_instances", "DBInstances")
    name = settings.database_identifier
    own = [one for one in instances if one["DBInstanceIdentifier"] == name]
    if own and not _is_ours(settings, own[0].get("TagList", ())):
        return Finding(f"database {name}", "Another database of the account is called so: choose another serverName.")
    allowed = int(quotas["DBInstances"]["Max"])
    return _room("database", len(instances) - len(own), allowed, "delete one that nobody uses")


def _database(settings: InfraSettings, rds: BaseClient) -> Finding:
    size = SIZES[settings.cluster_size]
    what = f"PostgreSQL {POSTGRESQL} on {size.database_class} in two zones"
    pages = rds.get_paginator("describe_orderable_db_instance_options").paginate(
        Engine="postgres", DBInstanceClass=size.database_class
    )
    for_sale = [one for page in pages for one in page["OrderableDBInstanceOptions"] if _fits(one)]
    if not for_sale:
        return Finding(what, f"RDS does not have it in {settings.region}: choose another clusterSize or region.")
    zones = {zone["Name"] for one in for_sale for zone in one["AvailabilityZones"]}
    missing = [zone for zone in settings.cluster_zones if zone not in zones]
    if missing:
        return Finding(what, f"Not in {', '.join(missing)}: set clusterZones to two of {', '.join(sorted(zones))}.")
    return Finding(what)


def _fits(option: Mapping[str, Any]) -> bool:
    is_version = option["EngineVersion"].split(".")[0] == POSTGRESQL
    return bool(is_version and option["MultiAZCapable"] and option["StorageType"] == "gp3")


def _roles(iam: BaseClient) -> Finding:
    missing = {role: service for role, service in _ROLES.items() if not _has_role(iam, role)}
    if not missing:
        return Finding("roles of AWS's services")
    commands = "; ".join(
        f"`aws iam create-service-linked-role --aws-service-name {service}`" for service in missing.values()
    )
    return Finding(
        "roles of AWS's services",
        advice=f"The account has no {', '.join(missing)} yet. AWS makes them with the first cluster, which can fail "
        f"once for that; to make them now: {commands}.",
    )


def _has_role(iam: BaseClient, name: str) -> bool:
    try:
        iam.get_role(RoleName=name)
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchEntity":
            return False
        raise
    return True


def _quota(quotas: BaseClient, service: str, code: str) -> int:
    return int(quotas.get_service_quota(ServiceCode=service, QuotaCode=code)["Quota"]["Value"])


def _room(kind: str, taken: int, allowed: int, instead: str) -> Finding:
    what = f"{kind}, {taken} of {allowed} taken by others"
    if taken >= allowed:
        return Finding(what, f"There is no room for ours: {instead}, or ask AWS for more (Service Quotas).")
    return Finding(what)


def _is_ours(settings: InfraSettings, tags: Iterable[Mapping[str, str]]) -> bool:
    found = {tag["Key"]: tag.get("Value") for tag in tags}
    return found.get("ManagedBy") == "pulumi" and found.get("Server") == settings.server_name
