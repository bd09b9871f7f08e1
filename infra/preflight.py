"""Checks before the first `pulumi up`: what AWS would refuse, before anything is rented."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from botocore.client import BaseClient
from botocore.exceptions import BotoCoreError, ClientError

from infra.prices import BUNDLES
from infra.settings import DOMAINS_REGION, InfraSettings

MOST_STATIC_IPS = 5  # AWS's default quota for an account in a region

Clients = Callable[[str, str], BaseClient]  # boto3.client, given service and region
Lookup = Callable[[str], frozenset[str]]  # the name servers of a zone in public DNS


@dataclass(frozen=True, slots=True)
class Finding:
    """What was checked, and what is wrong with it; empty if nothing is."""

    what: str
    wrong: str = ""


def run_checks(settings: InfraSettings, client: Clients, name_servers: Lookup) -> Iterator[Finding]:
    """Yield a finding for each check; without valid credentials only theirs."""
    who = _credentials(client, settings.region)
    yield who
    if who.wrong:
        return
    lightsail = client("lightsail", settings.region)
    for check in (_zone, _bundle, _blueprint, _static_ips, _name_is_free):
        yield _asked(check.__name__.removeprefix("_").replace("_", " "), check, settings, lightsail)
    yield _asked("domain", _delegation, settings, client, name_servers)


def _credentials(client: Clients, region: str) -> Finding:
    try:
        identity: Mapping[str, str] = client("sts", region).get_caller_identity()
    except (BotoCoreError, ClientError) as error:
        return Finding(
            "credentials",
            f"AWS does not know who asks ({error}): run `aws configure`, or set AWS_PROFILE, and see that "
            f"aws:region, {region}, is a region.",
        )
    return Finding(f"credentials of {identity['Arn']}")


def _asked(what: str, check: Callable[..., Finding], *arguments: object) -> Finding:
    try:
        return check(*arguments)
    except ClientError as error:
        return Finding(what, f"AWS refuses to say: {error}.")
    except BotoCoreError as error:
        return Finding(what, f"AWS cannot be asked: {error}.")


def _zone(settings: InfraSettings, lightsail: BaseClient) -> Finding:
    regions = lightsail.get_regions(includeAvailabilityZones=True)["regions"]
    zones = [zone["zoneName"] for region in regions for zone in region.get("availabilityZones", ())]
    return _one_of("zone", settings.availability_zone, zones)


def _bundle(settings: InfraSettings, lightsail: BaseClient) -> Finding:
    what, active = f"bundle {settings.bundle}", {}
    for bundle in _all(lightsail, "get_bundles", "bundles"):
        if bundle.get("isActive") and "LINUX_UNIX" in bundle.get("supportedPlatforms", ["LINUX_UNIX"]):
            active[bundle["bundleId"]] = bundle
    found = active.get(settings.bundle)
    if found is None:
        offers = sorted(active.values(), key=lambda one: one["price"])
        others = ", ".join(f"{one['bundleId']} (${one['price']:g}, {one['ramSizeInGb']:g} GB)" for one in offers)
        return Finding(what, f"It is not for sale. For sale are: {others}.")
    known, asked = BUNDLES[settings.bundle], Decimal(str(found["price"]))
    if asked != known.dollars:
        return Finding(
            what, f"It costs ${asked} a month now, and ${known.dollars} in infra/prices.toml: correct it there."
        )
    return Finding(f"{what}, ${asked} a month")


def _blueprint(settings: InfraSettings, lightsail: BaseClient) -> Finding:
    active = [one["blueprintId"] for one in _all(lightsail, "get_blueprints", "blueprints") if one.get("isActive")]
    return _one_of("blueprint", settings.blueprint, active)


def _static_ips(_settings: InfraSettings, lightsail: BaseClient) -> Finding:
    taken = len(_all(lightsail, "get_static_ips", "staticIps"))
    if taken >= MOST_STATIC_IPS:
        return Finding("static address", f"{taken} of {MOST_STATIC_IPS} are taken: release one, or ask AWS for more.")
    return Finding(f"static address, {taken} of {MOST_STATIC_IPS} taken")


def _name_is_free(settings: InfraSettings, lightsail: BaseClient) -> Finding:
    what = f"name {settings.instance_name}"
    for instance in _all(lightsail, "get_instances", "instances"):
        tags = {tag["key"]: tag.get("value") for tag in instance.get("tags", ())}
        if instance["name"] == settings.instance_name and tags.get("ManagedBy") != "pulumi":
            return Finding(what, "Another server of the account is called so: choose another serverName.")
    return Finding(what)


def _delegation(settings: InfraSettings, client: Clients, name_servers: Lookup) -> Finding:
    what = f"domain {settings.domain}"
    if settings.dns == "external":
        return Finding(f"{what}: its records are printed by `pulumi up`, to be set where it is kept")
    ours = _name_servers_of_zone(settings, client)
    if not ours:
        return Finding(what, f"{settings.dns} has no zone {settings.dns_zone}: make it there first.")
    seen = name_servers(settings.dns_zone)
    if not seen & ours:
        others = ", ".join(sorted(seen)) or "nobody"
        return Finding(
            what, f"{settings.dns_zone} is kept by {others}: set its name servers to {', '.join(sorted(ours))}."
        )
    return Finding(f"{what}, kept by {settings.dns}")


def _name_servers_of_zone(settings: InfraSettings, client: Clients) -> frozenset[str]:
    if settings.dns == "lightsail":
        domains = _all(client("lightsail", DOMAINS_REGION), "get_domains", "domains")
        ours = (domain.get("domainEntries", ()) for domain in domains if domain["name"] == settings.dns_zone)
        return frozenset(one["target"].rstrip(".") for entries in ours for one in entries if one["type"] == "NS")
    route53 = client("route53", settings.region)
    for zone in route53.list_hosted_zones_by_name(DNSName=settings.dns_zone)["HostedZones"]:
        if zone["Name"].rstrip(".") == settings.dns_zone and not zone.get("Config", {}).get("PrivateZone"):
            return frozenset(route53.get_hosted_zone(Id=zone["Id"])["DelegationSet"]["NameServers"])
    return frozenset()


def _all(client: BaseClient, operation: str, key: str) -> list[dict[str, Any]]:
    pages = client.get_paginator(operation).paginate()
    return [item for page in pages for item in page.get(key, ())]


def _one_of(what: str, wanted: str, offered: list[str]) -> Finding:
    if wanted in offered:
        return Finding(f"{what} {wanted}")
    return Finding(f"{what} {wanted}", f"There is no such {what} now: {', '.join(sorted(offered))}.")
